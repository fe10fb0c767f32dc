"""Managing staff: who sees whom, who may give what, and nobody locks himself out."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.core.kit.uow import Database
from tests.support.people import Client, Region


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"].removeprefix("/problems/"))


def match(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


def wanted(at: Region, role: str = "street", **over: Any) -> dict[str, Any]:
    return {
        "username": f"s{uuid4().hex[:20]}",
        "display_name": "李 伟",
        "grants": [{"role": role, "region_id": str(at.id)}],
        **over,
    }


async def usernames(client: Client, **query: Any) -> list[str]:
    """Every username of the list, page by page."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get("/v1/staff", params={"limit": 2, **query, **cursor})).json()
        found += [item["username"] for item in page["items"]]
        if not page["has_more"]:
            return found
        cursor = {"cursor": page["next_cursor"]}


class Tree:
    """A city with two districts and their streets."""

    def __init__(self, city: Region, a: Region, b: Region, a_street: Region, b_street: Region) -> None:
        self.city, self.a, self.b, self.a_street, self.b_street = city, a, b, a_street, b_street


@pytest.fixture
async def tree(region: Any) -> Tree:
    city = await region("city")
    a, b = await region("county", city), await region("county", city)
    return Tree(city, a, b, await region("street", a), await region("street", b))


async def test_a_new_account_signs_in_and_must_change_its_password(
    api: httpx.AsyncClient, staff: Any, tree: Tree
) -> None:
    manager = await staff("district", tree.a)
    body = wanted(tree.a_street)
    made = await manager.post("/v1/staff", json=body, headers={"Idempotency-Key": uuid4().hex})
    assert made.status_code == 201, made.text
    assert made.headers["location"] == f"/v1/staff/{made.json()['id']}"
    assert made.headers["cache-control"] == "no-store"
    seen = await manager.get(made.headers["location"])
    assert seen.headers["etag"] == '"1"'
    account = seen.json()
    assert (account["username"], account["display_name"]) == (body["username"], "李 伟")
    [grant] = account["grants"]
    assert (grant["role"], grant["region_id"], grant["region_name"]) == (
        "street", str(tree.a_street.id), tree.a_street.name,
    )  # fmt: skip
    assert account["must_change_password"] is True
    signed = await api.post(
        "/v1/auth/staff", json={"username": body["username"], "password": made.json()["temporary_password"]}
    )
    me = await api.get("/v1/me", headers={"Authorization": f"Bearer {signed.json()['access_token']}"})
    assert me.json()["permissions"] == ["me"]
    other = await api.get("/v1/projects", headers={"Authorization": f"Bearer {signed.json()['access_token']}"})
    assert (other.status_code, code_of(other)) == (403, "password-change-required")


async def test_the_same_username_is_refused_whatever_its_case(staff: Any, tree: Tree) -> None:
    manager = await staff("district", tree.a)
    body = wanted(tree.a_street)
    assert (await manager.post("/v1/staff", json=body)).status_code == 201
    again = await manager.post("/v1/staff", json={**body, "username": body["username"].upper()})
    assert (again.status_code, code_of(again)) == (409, "username-taken")


@pytest.mark.parametrize("username", ["ab", ".dot", "with space", "李伟", "a" * 65, "nul\x00nul"])
async def test_what_is_no_username_is_refused(staff: Any, tree: Tree, username: str) -> None:
    manager = await staff("district", tree.a)
    answer = await manager.post("/v1/staff", json=wanted(tree.a_street, username=username))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/username"


async def test_only_a_department_is_given_a_bureau(staff: Any, tree: Tree) -> None:
    city = await staff("city", tree.city)
    body = wanted(tree.a, "department")
    body["grants"][0]["bureau"] = "finance"
    made = await city.post("/v1/staff", json=body)
    assert made.status_code == 201, made.text
    shown = (await city.get(f"/v1/staff/{made.json()['id']}")).json()
    assert [grant["bureau"] for grant in shown["grants"]] == ["finance"]
    wrong = wanted(tree.a, "street")
    wrong["grants"][0]["bureau"] = "finance"
    refused = await city.post("/v1/staff", json=wrong)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/grants/0/bureau")


async def test_a_role_is_given_only_by_who_stands_above_it_and_inside_his_region(staff: Any, tree: Tree) -> None:
    district, city = await staff("district", tree.a), await staff("city", tree.city)
    for role in ("district", "city", "auditor", "department"):
        refused = await district.post("/v1/staff", json=wanted(tree.a, role))
        assert (refused.status_code, code_of(refused)) == (403, "grant-beyond-yours"), role
        assert (await city.post("/v1/staff", json=wanted(tree.a, role))).status_code == 201
    for role in ("street", "community", "expert"):
        assert (await district.post("/v1/staff", json=wanted(tree.a, role))).status_code == 201
    unknown = wanted(tree.a)
    unknown["grants"][0]["region_id"] = str(uuid4())
    answers = [await district.post("/v1/staff", json=body) for body in (unknown, wanted(tree.b), wanted(tree.city))]
    assert [answer.status_code for answer in answers] == [422] * 3
    told = [answer.json()["errors"] for answer in answers]
    assert told[0] == told[1] == told[2]  # unknown and foreign read alike
    assert told[0][0]["pointer"] == "/grants/0/region_id"


async def test_a_list_shows_the_own_subtree_alone_and_pages(staff: Any, tree: Tree) -> None:
    in_a, in_b = await staff("district", tree.a), await staff("district", tree.b)
    city = await staff("city", tree.city)
    made: dict[str, list[str]] = {"a": [], "b": []}
    for manager, at, to in ((in_a, tree.a_street, made["a"]), (in_b, tree.b_street, made["b"])):
        for _ in range(3):
            body = wanted(at)
            assert (await manager.post("/v1/staff", json=body)).status_code == 201
            to.append(body["username"])
    seen_by_a, seen_by_city = await usernames(in_a), await usernames(city)
    assert set(made["a"]) < set(seen_by_a)
    assert not set(made["b"]) & set(seen_by_a)
    assert {*made["a"], *made["b"]} < set(seen_by_city)
    assert seen_by_city == sorted(set(seen_by_city))
    assert sorted(made["a"]) == await usernames(in_a, role="street")
    assert await usernames(in_a, disabled="true") == []


async def test_who_works_elsewhere_too_is_seen_in_part_and_not_touched(staff: Any, tree: Tree) -> None:
    city, in_a, in_b = await staff("city", tree.city), await staff("district", tree.a), await staff("district", tree.b)
    body = wanted(tree.a_street)
    body["grants"].append({"role": "street", "region_id": str(tree.b_street.id)})
    staff_id = (await city.post("/v1/staff", json=body)).json()["id"]
    seen = (await in_a.get(f"/v1/staff/{staff_id}")).json()
    assert [grant["region_id"] for grant in seen["grants"]] == [str(tree.a_street.id)]
    url = f"/v1/staff/{staff_id}"
    for path, content in (
        ("/disable", None),
        ("/enable", None),
        ("/reset-password", {}),
        ("/revoke-sessions", None),
        ("/grants", {"role": "expert", "region_id": str(tree.a.id)}),
        (f"/grants/{seen['grants'][0]['id']}/end", None),
    ):
        refused = await in_a.post(url + path, json=content, headers=match(1))
        assert (refused.status_code, code_of(refused)) == (403, "staff-beyond-yours"), path
    changed = {"display_name": "x", "language": "en"}
    assert code_of(await in_a.put(url, json=changed, headers=match(1))) == "staff-beyond-yours"
    # Once the city has ended the other grant, the account is this district's, and the other does not see it any more.
    foreign = next(
        grant["id"] for grant in (await city.get(url)).json()["grants"] if grant["region_id"] == str(tree.b_street.id)
    )
    assert (await in_b.get(url)).status_code == 200
    assert (await city.post(f"{url}/grants/{foreign}/end", headers=match(1))).status_code == 200
    assert (await in_b.get(url)).status_code == 404
    assert (await in_a.put(url, json=changed, headers=match(2))).status_code == 200


async def test_a_district_does_not_take_over_its_auditor_or_its_equal(staff: Any, tree: Tree) -> None:
    manager, auditor, equal = (
        await staff("district", tree.a),
        await staff("auditor", tree.a),
        await staff("district", tree.a),
    )
    for other in (auditor, equal, manager):
        refused = await manager.post(f"/v1/staff/{other.staff_id}/reset-password", json={}, headers=match(1))
        assert (refused.status_code, code_of(refused)) == (403, "staff-beyond-yours")


async def test_grants_are_given_and_ended_and_felt_at_once(
    staff: Any, tree: Tree, database: Database, region: Any
) -> None:
    manager, person = await staff("district", tree.a), await staff("street", tree.a_street)
    url = f"/v1/staff/{person.staff_id}"
    other = await region("street", tree.a)
    body = {"role": "expert", "region_id": str(other.id)}
    assert (await manager.post(f"{url}/grants", json=body)).status_code == 428
    given = await manager.post(f"{url}/grants", json=body, headers=match(1))
    assert given.status_code == 201, given.text
    assert given.headers["etag"] == '"2"'
    stale = await manager.post(f"{url}/grants", json=body, headers=match(1))
    assert (stale.status_code, code_of(stale)) == (412, "version-stale")
    twice = await manager.post(f"{url}/grants", json=body, headers=match(2))
    assert (twice.status_code, code_of(twice)) == (409, "grant-held-already")
    held = {grant["id"]: grant["role"] for grant in (await person.get("/v1/me")).json()["grants"]}
    assert held[given.json()["id"]] == "expert"
    for version, grant_id in enumerate(held, start=2):
        ended = await manager.post(f"{url}/grants/{grant_id}/end", headers=match(version))
        assert ended.json()["version"] == version + 1
    me = (await person.get("/v1/me")).json()
    assert (me["grants"], me["permissions"]) == ([], ["me"])
    again = await manager.post(f"{url}/grants/{grant_id}/end", headers=match(4))
    assert (again.status_code, code_of(again)) == (409, "grant-ended")
    assert (await manager.post(f"{url}/grants/{uuid4()}/end", headers=match(4))).status_code == 404
    # Without any grant left the account is still found where it was, so that it can be given one again.
    assert (await manager.get(url)).json()["grants"] == []
    back = await manager.post(f"{url}/grants", json=body, headers=match(4))
    assert back.status_code == 201
    async with database.read() as connection:
        actions = await connection.fetch(
            "SELECT action, region_path FROM audit_entry WHERE target_id = $1 ORDER BY id", person.staff_id
        )
    assert [tuple(row) for row in actions] == [
        ("staff.grant_given", other.path),
        ("staff.grant_ended", tree.a_street.path),
        ("staff.grant_ended", other.path),
        ("staff.grant_given", other.path),
    ]


async def test_another_persons_grant_is_not_found_under_this_account(staff: Any, tree: Tree) -> None:
    manager = await staff("district", tree.a)
    one, two = await staff("street", tree.a_street), await staff("street", tree.a_street)
    [grant] = (await two.get("/v1/me")).json()["grants"]
    crossed = await manager.post(f"/v1/staff/{one.staff_id}/grants/{grant['id']}/end", headers=match(1))
    assert crossed.status_code == 404
    assert len((await two.get("/v1/me")).json()["grants"]) == 1


async def test_a_disabled_account_is_out_at_once_and_its_sessions_do_not_come_back(staff: Any, tree: Tree) -> None:
    manager, person = await staff("district", tree.a), await staff("street", tree.a_street)
    url = f"/v1/staff/{person.staff_id}"
    assert (await manager.post(f"{url}/disable", headers=match(1))).json()["version"] == 2
    assert (await person.get("/v1/me")).status_code == 401
    assert (await manager.get(url)).json()["disabled_at"] is not None
    assert (await manager.post(f"{url}/enable", headers=match(2))).json()["version"] == 3
    assert (await person.get("/v1/me")).status_code == 401


async def test_a_reset_password_ends_lock_sessions_and_authenticator(
    api: httpx.AsyncClient, staff: Any, tree: Tree, database: Database
) -> None:
    manager, person = await staff("district", tree.a), await staff("street", tree.a_street)
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE staff SET locked_until = now() + interval '1 hour', totp_secret = 'x', totp_confirmed_at = now()"
            f" WHERE id = '{person.staff_id}'"
        )
    url = f"/v1/staff/{person.staff_id}"
    kept = (await manager.post(f"{url}/reset-password", json={}, headers=match(1))).json()
    signing = {"username": (await manager.get(url)).json()["username"], "password": kept["temporary_password"]}
    assert code_of(await api.post("/v1/auth/staff", json=signing)) == "otp-required"
    assert (await person.get("/v1/me")).status_code == 401
    made = await manager.post(f"{url}/reset-password", json={"remove_totp": True}, headers=match(2))
    signing["password"] = made.json()["temporary_password"]
    signed = await api.post("/v1/auth/staff", json=signing)
    assert signed.status_code == 200
    ended = await manager.post(f"{url}/revoke-sessions")
    assert ended.json() == {"ended": 1}
    me = await api.get("/v1/me", headers={"Authorization": f"Bearer {signed.json()['access_token']}"})
    assert me.status_code == 401


async def test_nobody_locks_himself_out(staff: Any, tree: Tree) -> None:
    city = await staff("city", tree.city)
    url = f"/v1/staff/{city.staff_id}"
    [own] = (await city.get("/v1/me")).json()["grants"]
    for path in ("/disable", f"/grants/{own['id']}/end"):
        refused = await city.post(url + path, headers=match(1))
        assert (refused.status_code, code_of(refused)) == (409, "would-lock-yourself-out")
    second = {"role": "city", "region_id": str(tree.a.id)}
    assert (await city.post(f"{url}/grants", json=second, headers=match(1))).status_code == 201
    assert (await city.post(f"{url}/grants/{own['id']}/end", headers=match(2))).status_code == 200


async def test_names_with_control_characters_are_refused(staff: Any, tree: Tree) -> None:
    manager = await staff("district", tree.a)
    turning = [f"李{chr(mark)}伟" for mark in (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]
    for name in ("nul\x00", "line\nbreak", "   ", *turning):
        answer = await manager.post("/v1/staff", json=wanted(tree.a, display_name=name))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/display_name"


async def test_an_auditor_reads_staff_and_changes_nothing(staff: Any, tree: Tree, database: Database) -> None:
    auditor, person = await staff("auditor", tree.city), await staff("street", tree.a_street)
    assert (await auditor.get(f"/v1/staff/{person.staff_id}")).status_code == 200
    refused = await auditor.post(f"/v1/staff/{person.staff_id}/disable", headers=match(1))
    assert refused.status_code == 403
    async with database.read() as connection:
        entry = await connection.fetchrow(
            "SELECT * FROM audit_entry WHERE actor_id = $1 AND outcome = 'refused'", UUID(str(auditor.staff_id))
        )
    assert entry["action"] == "staff:write"
