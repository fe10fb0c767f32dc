"""Objections: recorded by one person, decided by another; an upheld one means new facts, a new run and a new full notice."""

import asyncio

import httpx
import pytest

from tests.api.selection.world import STOCK, MakeStaff, World
from tests.api.selection.year import RULING, confirm, days_before, end_notice, object_to, publish, today


@pytest.fixture
async def colleague(world: World, staff: MakeStaff) -> httpx.AsyncClient:
    """Somebody else of the city's bureau."""
    return await staff("city", world.root)


async def test_an_upheld_objection_corrects_the_facts_and_starts_a_full_notice(
    world: World, api: httpx.AsyncClient, colleague: httpx.AsyncClient
) -> None:
    compound = await world.compound(world.streets[0], {**STOCK, "compound.hazards": "1"})
    project = await world.project(world.streets[0], title="甲", compounds=[compound])
    await world.project(world.streets[0], title="乙", stock={**STOCK, "compound.hazards": "3"})
    found = await world.round(caps=[{"count": 1}], reserve=1)
    path = f"/v1/rounds/{found['id']}"
    first = await publish(world, found["id"])
    before = (await api.get(f"/public/rounds/{found['id']}/ranking")).json()
    assert [one["title"] for one in before["results"]] == ["乙", "甲"]

    made = await object_to(world, found["id"], project_id=project["id"])
    assert (made["status"], made["late"], made["publication_id"]) == ("open", False, first["id"])
    ruling = f"/v1/objections/{made['id']}/uphold"
    own = await world.city.post(ruling, json=RULING)
    assert (own.status_code, own.json()["type"]) == (409, "/problems/second-person-needed")
    upheld = await colleague.post(ruling, json=RULING)
    assert (upheld.status_code, upheld.json()["status"], upheld.json()["decision_document"]) == (
        200, "upheld", RULING["document"],
    )  # fmt: skip
    again = await colleague.post(f"/v1/objections/{made['id']}/reject", json=RULING)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/objection-decided")
    assert (await world.city.get(path)).json()["status"] == "reopened"

    # What was frozen before is neither run nor published again.
    assert (await world.city.post(f"{path}/runs")).json()["type"] == "/problems/round-reopened"
    old = await world.city.post(f"/v1/runs/{first['run_id']}/publish")
    assert (old.status_code, old.json()["type"]) == (409, "/problems/round-reopened")

    await world.record("compound", compound, world.streets[0], {"compound.hazards": "5"})
    await end_notice(world, found["id"])
    second = await publish(world, found["id"])
    assert second["notice_until"] >= (await today(world)).isoformat()
    after = (await api.get(f"/public/rounds/{found['id']}/publications/2")).json()
    assert [one["title"] for one in after["ranking"]["results"]] == ["甲", "乙"]
    assert after["superseded_at"] is None
    shown = await api.get(f"/public/rounds/{found['id']}/publications/1")
    assert shown.json()["superseded_at"] is not None
    assert shown.json()["ranking"] == before
    same = await api.get(
        f"/public/rounds/{found['id']}/publications/1", headers={"If-None-Match": shown.headers["etag"]}
    )
    assert same.status_code == 304
    listed = (await api.get(f"/public/rounds/{found['id']}/publications")).json()["items"]
    assert [(one["number"], one["superseded_at"] is None) for one in listed] == [(1, False), (2, True)]
    assert (await api.get(f"/public/rounds/{found['id']}/publications/3")).status_code == 404
    counted = (await api.get(f"/public/rounds/{found['id']}/objections")).json()
    assert {name: counted[name] for name in ("open", "upheld", "rejected", "late")} == {
        "open": 0, "upheld": 1, "rejected": 0, "late": 0,
    }  # fmt: skip


async def test_a_rejected_objection_changes_nothing(
    world: World, api: httpx.AsyncClient, colleague: httpx.AsyncClient
) -> None:
    await world.project(world.streets[0])
    found = await world.round()
    await publish(world, found["id"])
    shown = await api.get(f"/public/rounds/{found['id']}/ranking")
    made = await object_to(world, found["id"])
    assert (await api.get(f"/public/rounds/{found['id']}/objections")).json()["open"] == 1
    rejected = await colleague.post(f"/v1/objections/{made['id']}/reject", json=RULING)
    assert (rejected.status_code, rejected.json()["status"]) == (200, "rejected")
    assert (await world.city.get(f"/v1/rounds/{found['id']}")).json()["status"] == "published"
    assert (await api.get(f"/public/rounds/{found['id']}/ranking")).content == shown.content
    assert (await api.get(f"/public/rounds/{found['id']}/objections")).json()["rejected"] == 1
    listed = await world.city.get(f"/v1/rounds/{found['id']}/objections", params={"status": "rejected"})
    assert [one["id"] for one in listed.json()["items"]] == [made["id"]]
    assert (await world.city.get(f"/v1/rounds/{found['id']}/objections", params={"status": "open"})).json()[
        "items"
    ] == []


async def test_a_street_objects_for_its_own_project_to_the_round_of_the_city(world: World) -> None:
    own = await world.project(world.streets[0])
    other = await world.project(world.streets[1])
    found = await world.round()
    body = {"ground": "gate", "what": "w", "received_on": (await today(world)).isoformat(), "project_id": own["id"]}
    path = f"/v1/rounds/{found['id']}/objections"
    assert (await world.street.post(path, json=body)).status_code == 404  # nobody has published it
    early = await world.city.post(path, json=body)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/round-not-published")
    await publish(world, found["id"])
    made = await object_to(world, found["id"], by=world.street, project_id=own["id"])
    assert (await world.street.get(f"/v1/objections/{made['id']}")).status_code == 200
    assert (await world.other_district.get(f"/v1/objections/{made['id']}")).status_code == 404
    assert [one["id"] for one in (await world.street.get(path)).json()["items"]] == [made["id"]]
    assert (await world.other_district.get(path)).status_code == 404
    assert (await world.street.post(path, json={**body, "project_id": other["id"]})).status_code == 404
    assert (await world.street.post(path, json={**body, "project_id": None})).status_code == 404
    # The round is the city's: the district's word decides nothing there.
    assert (await world.district.post(f"/v1/objections/{made['id']}/uphold", json=RULING)).status_code == 404


async def test_what_comes_after_the_notice_is_recorded_as_late(
    world: World, api: httpx.AsyncClient, colleague: httpx.AsyncClient
) -> None:
    await world.project(world.streets[0])
    found = await world.round()
    await publish(world, found["id"])
    await end_notice(world, found["id"])
    day = await today(world)
    late = await object_to(world, found["id"])
    assert late["late"] is True
    in_time = await object_to(world, found["id"], received_on=days_before(day, 30))
    assert in_time["late"] is False
    counted = (await api.get(f"/public/rounds/{found['id']}/objections")).json()
    assert (counted["open"], counted["late"]) == (2, 1)
    assert (await colleague.post(f"/v1/objections/{late['id']}/uphold", json=RULING)).status_code == 200
    # The one in time has to be decided before the correction is published; a late one would hold nothing back.
    open_still = await object_to(world, found["id"])
    await world.freeze(found["id"])
    run = await world.run(found["id"])
    held = await world.city.post(f"/v1/runs/{run['id']}/publish")
    assert (held.status_code, held.json()["type"], held.json()["open"]) == (409, "/problems/objections-open", 1)
    assert (await colleague.post(f"/v1/objections/{in_time['id']}/reject", json=RULING)).status_code == 200
    assert (await world.city.post(f"/v1/runs/{run['id']}/publish")).status_code == 201
    # Nor does it hold back the confirmation, and it gets its answer after it; the plan is no longer reopened.
    await end_notice(world, found["id"])
    assert (await confirm(world, run["id"])).status_code == 201
    upheld = await colleague.post(f"/v1/objections/{open_still['id']}/uphold", json=RULING)
    assert (upheld.status_code, upheld.json()["type"]) == (409, "/problems/round-confirmed")
    rejected = await colleague.post(f"/v1/objections/{open_still['id']}/reject", json=RULING)
    assert (rejected.status_code, rejected.json()["status"]) == (200, "rejected")


@pytest.mark.parametrize(("days", "status"), [(1, 422), (-1, 422), (0, 201)])
async def test_an_objection_is_received_between_publication_and_today(world: World, days: int, status: int) -> None:
    found = await world.round()
    await publish(world, found["id"])
    body = {"ground": "facts", "what": "w", "received_on": days_before(await today(world), days)}
    answer = await world.city.post(f"/v1/rounds/{found['id']}/objections", json=body)
    assert answer.status_code == status
    if status == 422:
        assert [one["pointer"] for one in answer.json()["errors"]] == ["/received_on"]


async def test_a_project_of_elsewhere_is_no_matter_of_the_round(world: World) -> None:
    elsewhere = await world.project(world.streets[1])
    found = await world.round(world.counties[0])
    await publish(world, found["id"])
    body = {"ground": "facts", "what": "w", "received_on": (await today(world)).isoformat()}
    refused = await world.city.post(
        f"/v1/rounds/{found['id']}/objections", json={**body, "project_id": elsewhere["id"]}
    )
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/project_id")


async def test_upholding_races_publishing_the_correction_and_one_of_them_wins(
    world: World, colleague: httpx.AsyncClient
) -> None:
    """A late objection holds nothing back: upheld first, the run is outdated; published first, the round is reopened again."""
    await world.project(world.streets[0])
    for turn in range(6):
        found = await world.round()
        await publish(world, found["id"])
        await end_notice(world, found["id"])
        one, two = await object_to(world, found["id"]), await object_to(world, found["id"])
        assert (await colleague.post(f"/v1/objections/{one['id']}/uphold", json=RULING)).status_code == 200
        await world.freeze(found["id"])
        run = await world.run(found["id"])
        calls = [
            colleague.post(f"/v1/objections/{two['id']}/uphold", json=RULING),
            world.city.post(f"/v1/runs/{run['id']}/publish"),
        ]
        answers = await asyncio.gather(*(calls if turn % 2 else reversed(calls)))
        published = next(answer for answer in answers if "publish" in str(answer.request.url))
        upheld = next(answer for answer in answers if "uphold" in str(answer.request.url))
        assert upheld.status_code == 200
        assert published.status_code in {201, 409}, published.text
        if published.status_code == 409:
            assert published.json()["type"] == "/problems/round-reopened"
        assert (await world.city.get(f"/v1/rounds/{found['id']}")).json()["status"] == "reopened"
        standing = (await world.city.get(f"/v1/rounds/{found['id']}/publications")).json()["items"]
        assert sum(one["superseded_at"] is None for one in standing) == 1
        assert len(standing) == (2 if published.status_code == 201 else 1)


async def test_two_people_decide_at_once_and_one_of_them_does(
    world: World, colleague: httpx.AsyncClient, staff: MakeStaff
) -> None:
    found = await world.round()
    await publish(world, found["id"])
    made = await object_to(world, found["id"])
    third = await staff("city", world.root)
    answers = await asyncio.gather(
        colleague.post(f"/v1/objections/{made['id']}/uphold", json=RULING),
        third.post(f"/v1/objections/{made['id']}/reject", json=RULING),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    kept = (await world.city.get(f"/v1/objections/{made['id']}")).json()["status"]
    assert kept == ("upheld" if answers[0].status_code == 200 else "rejected")
    assert (await world.city.get(f"/v1/rounds/{found['id']}")).json()["status"] == (
        "reopened" if kept == "upheld" else "published"
    )
