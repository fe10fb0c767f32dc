"""Routing rules through the API: versions that are never edited, an order that is told, desks that answer for what they get."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from services.core.kit.uow import Database
from tests.api.desks.test_desks import desk_in, made
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]


async def rule_in(client: Client, at: Region, desk: dict[str, Any], **over: Any) -> dict[str, Any]:
    body = {"region_id": str(at.id), "title": "漏水", "desk_id": desk["id"], "conditions": {"categories": ["leak"]}}
    return await made(client, "/v1/routing-rules", {**body, **over})


async def check(client: Client, where: Region, **over: Any) -> dict[str, Any]:
    case = {"region_id": str(where.id), "category": "leak", "channel": "phone", **over}
    answer = await client.post("/v1/routing-rules/check", json=case)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_nearest_rule_wins_and_the_answer_says_why(region: MakeRegion, staff: MakeStaff) -> None:
    city = await region("city")
    county = await region("county", city)
    clerk = await staff("city", city)
    wide, near = await desk_in(clerk, city), await desk_in(clerk, county)
    above = await rule_in(clerk, city, wide, title="全市漏水")
    below = await rule_in(clerk, county, near, conditions={"categories": ["leak"], "channels": ["open311"]})
    default = await rule_in(clerk, county, near, title="兜底", is_default=True, conditions={})

    found = await check(clerk, county)
    assert (found["rule_id"], found["desk_id"], found["desk_title"]) == (above["id"], wide["id"], wide["title"])
    assert [(one["rule_id"], [each["condition"] for each in one["unmet"]]) for one in found["tried"]] == [
        (below["id"], ["channel"]),
        (above["id"], []),
    ]
    assert all(found["tried"][0]["unmet"][0][language] for language in ("zh", "en"))
    assert (await check(clerk, county, channel="open311"))["rule_id"] == below["id"]
    assert (await check(clerk, county, category="noise"))["rule_id"] == default["id"]
    # The city has no default of its own, and nothing of a county reaches up.
    assert (await check(clerk, city, category="noise"))["desk_id"] is None


async def test_a_change_is_a_new_version_and_the_old_one_still_explains(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    clerk = await staff("district", county)
    old, new = await desk_in(clerk, county, title="旧席位"), await desk_in(clerk, county, title="新席位")
    rule = await rule_in(clerk, county, old)
    before = datetime.now(UTC)
    body = {"title": "漏水", "desk_id": new["id"], "conditions": {"categories": ["leak"]}}
    path = f"/v1/routing-rules/{rule['id']}"
    changed = await clerk.put(path, json=body, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["number"], changed.headers["etag"]) == (200, 2, '"2"')
    assert (await clerk.put(path, json=body, headers={"If-Match": '"1"'})).status_code == 412
    assert (await check(clerk, county))["desk_id"] == new["id"]
    then = await check(clerk, county, at=before.isoformat())
    assert (then["desk_id"], then["number"]) == (old["id"], 1)
    versions = (await clerk.get(f"{path}/versions")).json()["items"]
    assert [(one["number"], one["desk_id"]) for one in versions] == [(1, old["id"]), (2, new["id"])]
    assert versions[0]["valid_until"] == versions[1]["valid_from"]

    ended = await clerk.post(f"{path}/end", headers={"If-Match": '"2"'})
    assert ended.status_code == 200, ended.text
    again = await clerk.post(f"{path}/end", headers={"If-Match": '"2"'})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/routing-rule-ended")
    assert (await check(clerk, county))["desk_id"] is None
    assert (await clerk.get("/v1/routing-rules", params={"valid": True})).json()["items"] == []
    assert len((await clerk.get("/v1/routing-rules", params={"valid": False})).json()["items"]) == 1


async def test_a_later_version_waits_and_gives_way_to_one_that_comes_between(
    region: MakeRegion, staff: MakeStaff
) -> None:
    county = await region("county")
    clerk = await staff("district", county)
    desks = [await desk_in(clerk, county, title=f"席位{number}") for number in range(3)]
    rule = await rule_in(clerk, county, desks[0])
    path = f"/v1/routing-rules/{rule['id']}"
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    async def change(desk: dict[str, Any], begins: datetime, version: int) -> None:
        body = {
            "title": "漏水",
            "desk_id": desk["id"],
            "conditions": {"categories": ["leak"]},
            "valid_from": begins.isoformat(),
        }
        answer = await clerk.put(path, json=body, headers={"If-Match": f'"{version}"'})
        assert answer.status_code == 200, answer.text

    await change(desks[1], tomorrow, 1)
    assert (await check(clerk, county))["desk_id"] == desks[0]["id"]
    assert (await check(clerk, county, at=(tomorrow + timedelta(hours=2)).isoformat()))["desk_id"] == desks[1]["id"]
    await change(desks[2], tomorrow - timedelta(hours=1), 2)
    for hours, number in ((-2, 0), (-1, 2), (2, 2)):
        at = (tomorrow + timedelta(hours=hours)).isoformat()
        assert (await check(clerk, county, at=at))["desk_id"] == desks[number]["id"]
    past = {"title": "漏水", "desk_id": desks[0]["id"], "conditions": {"categories": ["leak"]}}
    late = await clerk.put(path, json={**past, "valid_from": "2026-01-01T00:00:00Z"}, headers={"If-Match": '"3"'})
    assert (late.status_code, late.json()["errors"][0]["pointer"]) == (422, "/valid_from")


async def test_what_a_rule_may_not_say_is_named(region: MakeRegion, staff: MakeStaff) -> None:
    city = await region("city")
    county, beside = await region("county", city), await region("county", city)
    clerk = await staff("city", city)
    desk, far = await desk_in(clerk, county), await desk_in(clerk, beside)
    supervising = await desk_in(clerk, county, role="supervision")
    body = {
        "region_id": str(county.id),
        "title": "规则",
        "desk_id": desk["id"],
        "conditions": {"categories": ["leak"]},
    }
    for over, pointer in (
        ({"conditions": {}}, "/conditions"),
        ({"is_default": True}, "/conditions"),
        ({"desk_id": far["id"]}, "/desk_id"),
        ({"desk_id": supervising["id"]}, "/desk_id"),
        ({"desk_id": str(county.id)}, "/desk_id"),
        ({"co_desk_ids": [desk["id"]]}, "/co_desk_ids/0"),
        ({"conditions": {"region_ids": [str(beside.id)]}}, "/conditions/region_ids/0"),
        ({"conditions": {"project_ids": [str(county.id)]}}, "/conditions/project_ids"),
        ({"conditions": {"organisation_ids": [str(county.id)]}}, "/conditions/organisation_ids"),
        ({"conditions": {"categories": ["leak", "nothing"]}}, "/conditions/categories/1"),
        ({"conditions": {"channels": ["pigeon"]}}, "/conditions/channels/0"),
        ({"conditions": {"since": "08:00"}}, "/conditions/until"),
        ({"conditions": {"weekdays": [8]}}, "/conditions/weekdays/0"),
        ({"valid_until": "2026-01-01T00:00:00Z"}, "/valid_until"),
    ):
        answer = await clerk.post("/v1/routing-rules", json={**body, **over})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text
    # A city's rule may send a county's cases to the county's desk, when it speaks of that county alone.
    narrowed = {"region_id": str(city.id), "conditions": {"region_ids": [str(county.id)]}}
    assert (await clerk.post("/v1/routing-rules", json={**body, **narrowed})).status_code == 201
    wide = {"region_id": str(city.id), "conditions": {"categories": ["leak"]}}
    assert (await clerk.post("/v1/routing-rules", json={**body, **wide})).status_code == 422


async def test_a_region_has_one_default(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    clerk = await staff("district", county)
    desk = await desk_in(clerk, county)
    await rule_in(clerk, county, desk, is_default=True, conditions={})
    body = {"region_id": str(county.id), "title": "再兜底", "desk_id": desk["id"], "is_default": True}
    second = await clerk.post("/v1/routing-rules", json=body)
    assert (second.status_code, second.json()["type"]) == (409, "/problems/default-rule-exists")


async def test_a_desk_that_rules_send_to_is_not_closed(
    region: MakeRegion, staff: MakeStaff, database: Database
) -> None:
    county = await region("county")
    clerk = await staff("district", county)
    lead, aside = await desk_in(clerk, county), await desk_in(clerk, county)
    rule = await rule_in(clerk, county, lead, co_desk_ids=[aside["id"]])
    for desk in (lead, aside):
        held = await clerk.post(f"/v1/desks/{desk['id']}/close", headers={"If-Match": '"1"'})
        assert (held.status_code, held.json()["type"], held.json()["rules"]) == (409, "/problems/desk-in-rules", 1)
    await clerk.post(f"/v1/routing-rules/{rule['id']}/end", headers={"If-Match": '"1"'})
    for desk in (lead, aside):
        assert (await clerk.post(f"/v1/desks/{desk['id']}/close", headers={"If-Match": '"1"'})).status_code == 200
    back = {"title": "漏水", "desk_id": lead["id"], "conditions": {"categories": ["leak"]}}
    late = await clerk.put(f"/v1/routing-rules/{rule['id']}", json=back, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["errors"][0]["pointer"]) == (422, "/desk_id")


async def test_rules_are_listed_in_the_order_in_which_they_are_tried(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    clerk = await staff("district", county)
    desk = await desk_in(clerk, county)
    default = await rule_in(clerk, county, desk, is_default=True, conditions={})
    later = await rule_in(clerk, county, desk, position=20)
    sooner = await rule_in(clerk, county, desk, position=10)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params: dict[str, str | int] = {"limit": 1, **({"cursor": cursor} if cursor else {})}
        page = (await clerk.get("/v1/routing-rules", params=params)).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [sooner["id"], later["id"], default["id"]]


async def test_a_rule_for_a_wider_category_holds_for_those_below_it(region: MakeRegion, staff: MakeStaff) -> None:
    county = await region("county")
    clerk = await staff("district", county)
    desk = await desk_in(clerk, county)
    rule = await rule_in(clerk, county, desk, conditions={"categories": ["works_quality"]})
    assert (await check(clerk, county, category="leak"))["rule_id"] == rule["id"]
    assert (await check(clerk, county, category="gas_leak"))["rule_id"] is None
    case = {"region_id": str(county.id), "category": "nothing", "channel": "phone"}
    unknown = await clerk.post("/v1/routing-rules/check", json=case)
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/category")
