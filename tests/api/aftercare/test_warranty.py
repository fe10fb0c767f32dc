"""Warranty (C4): terms by law, tickets in time or paid, repair first, disputes beside it."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM
from tests.api.aftercare.estate import Estate

ADD_COMPLAINT = """
INSERT INTO complaint (id, code, no, channel, category, kind, hazard, anonymous, state, region_path, compound_id, created_at)
SELECT $1, $2, $2, 'phone', code, kind, false, true, 'received', $3, $4, now() - interval '3 days'
FROM complaint_category LIMIT 1
"""


async def organisation(estate: Estate) -> str:
    """A contractor of the county."""
    body = {"region_id": str(estate.root.id), "name": "城投建设集团", "kind": "contractor"}
    made = await estate.district.post("/v1/organisations", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def try_term(estate: Estate, **changed: Any) -> httpx.Response:
    """The street records a warranty."""
    body = {
        "compound_id": str(estate.roll.compound_id),
        "project_id": estate.project,
        "work": "waterproofing",
        "item": "3 号楼屋面防水",
        "organisation_id": changed.pop("organisation_id", None) or await organisation(estate),
        "accepted_on": (date.fromisoformat(estate.today) - timedelta(days=30)).isoformat(),
        "months": 60,
        "document": "保修书第1号",
        **changed,
    }
    return await estate.street.post("/v1/warranty-terms", json=body)


async def term(estate: Estate, **changed: Any) -> dict[str, Any]:
    """A warranty on record."""
    made = await try_term(estate, **changed)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def report(estate: Estate, term_id: str, **more: Any) -> httpx.Response:
    """The community takes a defect."""
    body = {"term_id": term_id, "place": "3 号楼顶层", "defect": "屋面渗漏", **more}
    return await estate.community.post("/v1/warranty-tickets", json=body)


async def ticket(estate: Estate, **more: Any) -> dict[str, Any]:
    """A defect on record."""
    made = await report(estate, (await term(estate))["id"], **more)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def act(estate: Estate, ticket_id: str, action: str, *, by: Any = None, **body: Any) -> httpx.Response:
    """A step of the ticket as it is now."""
    client = by or estate.community
    path = f"/v1/warranty-tickets/{ticket_id}"
    version = (await client.get(path)).headers["etag"]
    answer: httpx.Response = await client.post(f"{path}/{action}", json=body, headers={"If-Match": version})
    return answer


def pointers(answer: httpx.Response) -> list[str]:
    """The places that a refusal names."""
    return [error["pointer"] for error in answer.json()["errors"]]


async def test_a_term_is_the_laws_at_least_and_tells_its_last_day(estate: Estate) -> None:
    short = await try_term(estate, months=59)
    assert (short.status_code, pointers(short)) == (422, ["/months"])
    seasons = {"months": None, "seasons": 2, "season": {"begins": "11-15", "ends": "03-15"}}
    heating = await term(estate, work="heating_cooling", item="供热", accepted_on="2025-10-01", **seasons)
    assert (heating["ends_on"], heating["season_begins"]) == ("2027-03-15", "11-15")
    one = await try_term(estate, work="heating_cooling", item="供热二期", **{**seasons, "seasons": 1})
    assert pointers(one) == ["/seasons"]
    leap = await try_term(estate, work="heating_cooling", **{**seasons, "season": {"begins": "02-29", "ends": "03-15"}})
    assert pointers(leap) == ["/season/begins"]
    holiday = await term(estate, work="decoration", item="外墙", accepted_on="2023-10-01", months=24)
    assert (holiday["ends_on"], holiday["last_day"], holiday["days_left"]) == ("2025-10-01", "2025-10-09", None)


async def test_no_warranty_runs_before_acceptance(estate: Estate) -> None:
    await estate.stage("works")
    assert (await try_term(estate)).json()["type"] == "/problems/warranty-not-accepted"
    await estate.stage("accepted")
    assert (await try_term(estate)).status_code == 201
    tomorrow = (date.fromisoformat(estate.today) + timedelta(days=1)).isoformat()
    wrong = await try_term(estate, item="4 号楼", accepted_on=tomorrow, organisation_id=str(uuid4()))
    assert sorted(pointers(wrong)) == ["/accepted_on", "/organisation_id"]


async def test_an_item_is_on_record_once(estate: Estate) -> None:
    firm = await organisation(estate)
    answers = await asyncio.gather(*(try_term(estate, organisation_id=firm) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    made = next(answer.json() for answer in answers if answer.status_code == 201)
    other = await term(estate, item="4 号楼屋面防水", organisation_id=firm)
    body = {name: other[name] for name in ("work", "organisation_id", "accepted_on", "document")}
    path = f"/v1/warranty-terms/{other['id']}"
    taken = await estate.street.put(
        path, json={**body, "item": made["item"], "months": 72}, headers={"If-Match": '"1"'}
    )
    assert taken.json()["type"] == "/problems/warranty-term-exists"
    longer = await estate.street.put(
        path, json={**body, "item": other["item"], "months": 72}, headers={"If-Match": '"1"'}
    )
    assert (longer.status_code, longer.json()["months"], longer.json()["version"]) == (200, 72, 2)
    stale = await estate.street.put(
        path, json={**body, "item": other["item"], "months": 60}, headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 412


async def test_a_defect_after_the_last_day_is_refused_with_the_date_or_taken_as_paid(estate: Estate) -> None:
    over = await term(estate, work="decoration", item="外墙", accepted_on="2023-10-01", months=24)
    late = await report(estate, over["id"])
    assert (late.status_code, late.json()["type"]) == (409, "/problems/warranty-expired")
    assert late.json()["last_day"] == "2025-10-09"
    on_the_last_day = await report(estate, over["id"], reported_on="2025-10-09")
    assert (on_the_last_day.status_code, on_the_last_day.json()["covered"]) == (201, True)
    a_day_later = await report(estate, over["id"], reported_on="2025-10-10")
    assert a_day_later.status_code == 409
    paid = await report(estate, over["id"], paid=True)
    assert (paid.status_code, paid.json()["covered"]) == (201, False)
    in_time = await report(estate, (await term(estate))["id"], paid=True)
    assert in_time.json()["covered"], "nobody pays within the warranty"


async def test_repair_first_and_argue_after(estate: Estate) -> None:
    made = await ticket(estate)
    assert (made["state"], made["liability"]) == ("reported", "open")
    disputed = await act(estate, made["id"], "dispute", note="使用不当造成")
    assert (disputed.json()["state"], disputed.json()["liability"]) == ("disputed", "disputed")
    repairing = await act(estate, made["id"], "repair")
    assert (repairing.json()["state"], repairing.json()["liability"]) == ("repairing", "disputed")
    failed = await act(estate, made["id"], "recheck", passed=False, note="仍渗漏")
    assert (failed.json()["state"], failed.json()["failures"]) == ("repairing", 1)
    assert pointers(await act(estate, made["id"], "recheck", passed=False)) == ["/note"]
    assert (await act(estate, made["id"], "recheck", passed=True)).json()["state"] == "rechecked"
    early = await act(estate, made["id"], "close")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/warranty-action-not-possible")
    assert (early.json()["state"], early.json()["liability"]) == ("rechecked", "disputed")
    verdict = {"verdict": "contractor", "note": "防水层施工缺陷", "document": "质监〔2026〕3号"}
    assert (await act(estate, made["id"], "settle", **verdict)).status_code == 403, "the district settles"
    settled = await act(estate, made["id"], "settle", by=estate.district, **verdict)
    assert (settled.json()["state"], settled.json()["liability"]) == ("rechecked", "contractor")
    closed = await act(estate, made["id"], "close")
    assert closed.json()["state"] == "closed"
    assert [one["action"] for one in closed.json()["entries"]] == [
        "dispute", "repair", "failed", "passed", "settle", "close",
    ]  # fmt: skip
    assert (await act(estate, made["id"], "repair")).status_code == 409


async def test_a_ticket_made_by_mistake_is_withdrawn_before_anybody_repairs(estate: Estate) -> None:
    made = await ticket(estate)
    assert (await act(estate, made["id"], "accept")).json()["liability"] == "accepted"
    assert (await act(estate, made["id"], "withdraw", note="重复登记")).json()["state"] == "withdrawn"
    other = await report(estate, made["term_id"])
    await act(estate, other.json()["id"], "repair")
    assert (await act(estate, other.json()["id"], "withdraw", note="重复登记")).status_code == 409


async def test_two_steps_at_once_are_one(estate: Estate) -> None:
    made = await ticket(estate)
    path = f"/v1/warranty-tickets/{made['id']}"
    answers = await asyncio.gather(
        *(estate.community.post(f"{path}/accept", json={}, headers={"If-Match": '"1"'}) for _ in range(4)),
        *(estate.community.post(f"{path}/dispute", json={"note": "否"}, headers={"If-Match": '"1"'}) for _ in range(4)),
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    assert len((await estate.community.get(path)).json()["entries"]) == 1


async def test_a_complaint_becomes_a_ticket_once_and_its_day_counts(estate: Estate) -> None:
    complaint = new_id()
    async with estate.database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            ADD_COMPLAINT, complaint, uuid4().hex[:20].upper(), estate.community_region.path, estate.roll.compound_id
        )
    own = await term(estate)
    answers = await asyncio.gather(*(report(estate, own["id"], complaint_id=str(complaint)) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    made = next(answer.json() for answer in answers if answer.status_code == 201)
    expected = date.fromisoformat(estate.today) - timedelta(days=3)
    assert (made["complaint_id"], made["reported_on"]) == (str(complaint), expected.isoformat())
    assert pointers(await report(estate, own["id"], complaint_id=str(uuid4()))) == ["/complaint_id"]
    twice = await report(estate, own["id"], complaint_id=str(complaint), reported_on=estate.today)
    assert pointers(twice) == ["/reported_on"]


async def test_what_a_defect_says_is_checked_whole(estate: Estate) -> None:
    own = await term(estate)
    wrong = await report(
        estate, own["id"], reported_on="2020-01-01", property_id=str(uuid4()), defect="渗漏，电话13812345678"
    )
    assert sorted(pointers(wrong)) == ["/defect", "/property_id", "/reported_on"]
    assert "13812345678" not in wrong.text
    inside = await report(estate, own["id"], property_id=str(estate.homes[0]))
    assert inside.status_code == 201


@pytest.mark.parametrize("place", ["warranty-terms", "warranty-tickets"])
async def test_lists_are_of_the_own_region_and_filtered(estate: Estate, place: str) -> None:
    made = await ticket(estate)
    wanted = made["id"] if place == "warranty-tickets" else made["term_id"]
    listed = (await estate.community.get(f"/v1/{place}")).json()["items"]
    assert [one["id"] for one in listed] == [wanted]
    for query in ({"project_id": estate.project}, {"organisation_id": made["organisation_id"]}):
        assert len((await estate.community.get(f"/v1/{place}", params=query)).json()["items"]) == 1
    for query in ({"project_id": str(uuid4())}, {"compound_id": str(uuid4())}):
        assert (await estate.community.get(f"/v1/{place}", params=query)).json()["items"] == []
    assert (await estate.neighbour.get(f"/v1/{place}")).json()["items"] == []
    assert (await estate.neighbour.get(f"/v1/{place}/{wanted}")).status_code == 404
    if place == "warranty-terms":
        path, soon = f"/v1/{place}", {"ends_before": estate.today}
        assert (await estate.community.get(path, params=soon)).json()["items"] == []
    else:
        for query in ({"covered": False}, {"state": "closed"}, {"liability": "disputed"}):
            assert (await estate.community.get(f"/v1/{place}", params=query)).json()["items"] == []
