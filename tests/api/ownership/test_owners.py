"""Heads: a distinct set of co-owners with all that exactly this set owns; title handed over, its history kept."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.core.kit.calendar import day_of
from services.core.kit.uow import Database
from tests.api.ownership.desk import DEED, ONE, TWO, Desk, entry, people, person


def member(held: dict[str, Any], at: int = 0) -> dict[str, Any]:
    return entry(held["owner"]["members"][at]["person_id"])


async def test_a_and_a_with_b_are_two_heads_and_b_with_a_is_the_second_again(desk: Desk) -> None:
    alone = await desk.property("101", people(person("王伟", number=ONE)))
    a = member(alone)
    both = await desk.property("102", people(a, person("李娜")))
    b = next(entry(one["person_id"]) for one in both["owner"]["members"] if entry(one["person_id"]) != a)
    turned = await desk.property("103", people(b, a))
    assert alone["owner"]["id"] != both["owner"]["id"] == turned["owner"]["id"]
    third = await desk.property("104", people(person("王伟", "+86 138-1234-1234", ONE.lower())))
    assert third["owner"]["id"] == alone["owner"]["id"]  # the same number and name are the same person
    listed = {one["id"]: one for one in (await desk.get(f"{desk.at}/owners"))["items"]}
    assert {one["id"]: (one["properties"], one["exclusive_area"]) for one in listed.values()} == {
        alone["owner"]["id"]: (2, "160"),
        both["owner"]["id"]: (2, "160"),
    }


async def test_two_of_one_name_are_two_heads(desk: Desk) -> None:
    first = await desk.property("101", people(person("王伟", "13812341234")))
    second = await desk.property("102", people(person("王伟", "13812341234")))
    third = await desk.property("103", people(person("王伟", number=ONE)))
    fourth = await desk.property("104", people(person("王玮", number=ONE)))  # a slip of the pen is no identity
    heads = {held["owner"]["id"] for held in (first, second, third, fourth)}
    assert len(heads) == 4


async def test_an_organisation_is_one_head_and_unknown_owners_are_each_their_own(desk: Desk) -> None:
    public = {"kind": "public", "title": "全椒县房管局"}
    heads = [(await desk.property(str(n), public))["owner"]["id"] for n in range(3)]
    assert len(set(heads)) == 1
    refused = await desk.tried(
        f"{desk.at}/properties",
        {"door_no": "9", "kind": "shop", "owners": {"kind": "company", "title": "全椒县房管局"}},
    )
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/owner-kind-differs")
    unknown = [(await desk.property(f"U{n}"))["owner"] for n in range(2)]
    assert unknown[0]["id"] != unknown[1]["id"]
    assert {one["kind"] for one in unknown} == {"unknown"}

    corrected = await desk.tried(
        f"/v1/owners/{heads[0]}", {"kind": "company", "title": "全椒县城投公司"}, version=1, method="PUT"
    )
    assert (corrected.json()["title"], corrected.json()["properties"]) == ("全椒县城投公司", 3)
    again = await desk.property("S", {"kind": "company", "title": "全椒县城投公司"})
    assert again["owner"]["id"] == heads[0]
    other = (await desk.property("T", {"kind": "developer", "title": "甲公司"}))["owner"]["id"]
    taken = await desk.tried(
        f"/v1/owners/{other}", {"kind": "developer", "title": "全椒县城投公司"}, version=1, method="PUT"
    )
    assert taken.json()["type"] == "/problems/owner-taken"
    nobody = await desk.tried(
        f"/v1/owners/{unknown[0]['id']}", {"kind": "company", "title": "乙"}, version=1, method="PUT"
    )
    assert nobody.json()["type"] == "/problems/owner-of-people"


@pytest.mark.parametrize(
    ("owners", "pointer"),
    [
        ({"kind": "persons"}, "/owners/people"),
        ({"kind": "company"}, "/owners/title"),
        ({"kind": "persons", "people": [{"name": "王伟"}], "title": "甲"}, "/owners/title"),
        ({"kind": "unknown", "people": [{"name": "王伟"}]}, "/owners/people"),
        ({"kind": "persons", "people": [{}]}, "/owners/people/0"),
        ({"kind": "persons", "people": [{"name": "王伟", "phone": "12345"}]}, "/owners/people/0/phone"),
        (
            {"kind": "persons", "people": [{"name": "王伟", "identity_number": "110105194912310021"}]},
            "/owners/people/0/identity_number",
        ),
        (
            {"kind": "persons", "people": [{"person_id": "00000000-0000-7000-8000-000000000000"}]},
            "/owners/people/0/person_id",
        ),
    ],
)
async def test_a_holder_that_fits_no_kind_is_refused_in_its_place(
    desk: Desk, owners: dict[str, Any], pointer: str
) -> None:
    refused = await desk.tried(f"{desk.at}/properties", {"door_no": "1", "kind": "dwelling", "owners": owners})
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert "1949" not in refused.text


async def test_somebody_named_twice_is_refused(desk: Desk) -> None:
    twice = people(person("王伟", number=ONE), person("王伟", number=ONE))
    refused = await desk.tried(f"{desk.at}/properties", {"door_no": "1", "kind": "dwelling", "owners": twice})
    assert refused.json()["errors"][0]["pointer"] == "/owners/people"


async def test_title_changes_hands_and_the_history_tells_it(desk: Desk) -> None:
    flat = await desk.property("101", people(person("王伟", number=ONE)))
    sold = (await desk.transfer(flat, people(person("李娜", number=TWO)), on="2026-03-01")).json()
    assert (sold["version"], sold["owner"]["members"][0]["name"]) == (2, "李*")
    same = await desk.transfer(sold, people(person("李娜", number=TWO)), on="2026-03-02")
    assert same.json()["type"] == "/problems/same-owners"
    earlier = await desk.transfer(sold, {"kind": "unknown"}, on="2026-02-28")
    assert (earlier.status_code, earlier.json()["errors"][0]["pointer"]) == (422, "/on")
    tomorrow = (day_of(datetime.now(UTC)) + timedelta(days=1)).isoformat()
    to_come = await desk.transfer(sold, {"kind": "unknown"}, on=tomorrow)
    assert (to_come.status_code, to_come.json()["errors"][0]["pointer"]) == (422, "/on")
    wrong = await desk.tried(
        f"/v1/properties/{flat['id']}/owners",
        {"owners": people(person("王伟", number=ONE), person("李娜", number=TWO)), "document": DEED},
        version=2,
        method="PUT",
    )
    assert len(wrong.json()["owner"]["members"]) == 2
    told = (await desk.get(f"/v1/properties/{flat['id']}/transfers"))["items"]
    assert [(one["act"], one["effective_on"]) for one in told] == [("transfer", "2026-03-01"), ("correction", None)]
    chain = [flat["owner"]["id"], sold["owner"]["id"], wrong.json()["owner"]["id"]]
    assert [(one["from_owner_id"], one["to_owner_id"]) for one in told] == list(itertools.pairwise(chain))
    former = (await desk.get(f"{desk.at}/owners", former=True))["items"]
    assert {one["id"]: one["properties"] for one in former} == {chain[0]: 0, chain[1]: 0, chain[2]: 1}


async def test_of_two_transfers_at_once_one_counts(desk: Desk) -> None:
    flat = await desk.property("101", people(person("王伟")))
    buyers = [people(person("李娜")), people(person("张三"))]
    answers = await asyncio.gather(*(desk.transfer(flat, buyer) for buyer in buyers))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    told = (await desk.get(f"/v1/properties/{flat['id']}/transfers"))["items"]
    assert len(told) == 1


async def test_a_head_that_many_make_at_once_is_one(desk: Desk) -> None:
    flats = [await desk.property(str(n)) for n in range(8)]
    first = await desk.property("A", people(person("甲")))
    second = await desk.property("B", people(person("乙")))
    a, b = member(first), member(second)
    sets = [people(a, b) if n % 2 else people(b, a) for n in range(8)]
    answers = await asyncio.gather(*(desk.transfer(flat, holder) for flat, holder in zip(flats, sets, strict=True)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["owner"]["id"] for answer in answers}) == 1
    assert {len(answer.json()["owner"]["members"]) for answer in answers} == {2}


async def test_somebody_whom_many_enter_at_once_is_one_person(desk: Desk) -> None:
    a, b = person("王伟", number=ONE), person("李娜", number=TWO)
    sets = [people(a, b), people(b, a)] * 4
    bodies = [{"door_no": str(n), "kind": "dwelling", "owners": holder} for n, holder in enumerate(sets)]
    answers = await asyncio.gather(*(desk.tried(f"{desk.at}/properties", body) for body in bodies))
    assert {answer.status_code for answer in answers} == {201}
    told = await desk.get(f"{desk.at}/register")
    assert (told["people"], told["heads"]) == (2, 1)


async def test_a_repeated_transfer_is_answered_again_and_done_once(desk: Desk) -> None:
    flat = await desk.property("101")
    body = {"owners": people(person("王伟")), "on": "2026-03-01", "document": DEED}
    answers = [await desk.tried(f"/v1/properties/{flat['id']}/transfer", body, version=1, key="one") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len((await desk.get(f"{desk.at}/people"))["items"]) == 1


async def test_tenants_come_and_go_and_stay_when_title_changes(desk: Desk) -> None:
    flat = await desk.property("101")
    path = f"/v1/properties/{flat['id']}/tenants"
    tenancy = await desk.post(path, {"tenant": person("李娜", "13800005678"), "since": "2026-01-01"})
    assert tenancy["tenant"]["phone"] == "138****5678"
    again = await desk.tried(path, {"tenant": entry(tenancy["tenant"]["person_id"]), "since": "2026-02-01"})
    assert again.json()["type"] == "/problems/tenancy-taken"
    await desk.transfer(flat, people(person("王伟")))
    assert [one["until"] for one in (await desk.get(path))["items"]] == [None]
    early = await desk.tried(f"/v1/tenancies/{tenancy['id']}/end", {"until": "2025-12-31"}, version=1)
    assert early.status_code == 422
    ended = await desk.post(f"/v1/tenancies/{tenancy['id']}/end", {"until": "2026-03-31"}, version=1)
    assert ended["until"] == "2026-03-31"
    over = await desk.tried(f"/v1/tenancies/{tenancy['id']}/end", {"until": "2026-03-31"}, version=2)
    assert over.json()["type"] == "/problems/tenancy-over"


async def test_whoever_holds_the_compound_shuts_the_register(desk: Desk, database: Database) -> None:
    """What freezing a roll relies on: nothing of the register changes while the compound's row is locked."""
    flat = await desk.property("101")
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"SELECT 1 FROM compound WHERE id = '{desk.compound}' FOR UPDATE")
        trying = asyncio.create_task(desk.transfer(flat, people(person("王伟"))))
        await asyncio.sleep(0.3)
        assert not trying.done()
    assert (await trying).status_code == 200
