"""Liuzhou and Hebei as they work: what gates an application, who ranks first, which compounds are eligible at all."""

from typing import Any
from uuid import UUID

import pytest

from services.core.kit.uow import SYSTEM, Database
from services.core.projects import stages
from services.core.projects.rules import Action, Stage
from tests.api.projects.steps import attest, step
from tests.api.selection.world import STOCK, MakeRegion, MakeStaff, World, build, plan_of
from tests.api.selection.year import today
from tests.support.works import ready_to_start

COUNTED_ON = {"vote.menu.passed": "true"}
SHARED = {
    **plan_of("100"),
    "funding": [{"source": "city", "amount": "80"}, {"source": "residents", "amount": "20"}],
}
ALONE = {
    **plan_of("100"),
    "funding": [{"source": "city", "amount": "80.01"}, {"source": "residents", "amount": "19.99"}],
}


async def under(world: World, policy: str) -> World:
    body = {"policy_id": policy, "number": 1}
    assert (await world.city.post(f"/v1/regions/{world.root.id}/policy", json=body)).status_code == 201
    return world


@pytest.fixture
async def liuzhou(database: Database, region: MakeRegion, staff: MakeStaff) -> World:
    return await under(await build(database, region, staff), "liuzhou")


@pytest.fixture
async def hebei(database: Database, region: MakeRegion, staff: MakeStaff) -> World:
    return await under(await build(database, region, staff), "hebei")


@pytest.fixture
async def beijing(database: Database, region: MakeRegion, staff: MakeStaff) -> World:
    return await under(await build(database, region, staff), "beijing")


@pytest.fixture
async def zhuhai(database: Database, region: MakeRegion, staff: MakeStaff) -> World:
    return await under(await build(database, region, staff), "zhuhai")


async def gates(world: World, project: dict[str, Any]) -> dict[str, bool]:
    found = (await world.city.get(f"/v1/projects/{project['id']}/gates")).json()["gates"]
    return {one["id"]: one["passed"] for one in found}


async def test_liuzhou_applies_after_the_notice_and_by_vote_or_exception(liuzhou: World) -> None:
    world = liuzhou
    project = await world.project(world.streets[0], plan=SHARED, attested=COUNTED_ON, apply=False)
    body = {"applicant": "neighbourhood_committee"}
    refused = await step(world, project["id"], "apply", body)
    assert refused.status_code == 409, refused.text
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/gates/plan_vote", "/gates/plan_notice"]
    await attest(world, project["id"], {"notice.plan.cleared": "true"})
    refused = await step(world, project["id"], "apply", body)
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/gates/plan_vote"]
    excepted = await world.district.post(
        f"/v1/projects/{project['id']}/gates/plan_vote/except",
        json={"reason": "原则上", "document": "柳建〔2026〕1号"},
    )
    assert excepted.status_code == 201, excepted.text
    assert await gates(world, project) == {"plan_vote": True, "plan_notice": True, "co_funding": True}
    applied = await step(world, project["id"], "apply", body)
    assert (applied.status_code, applied.json()["stage"]) == (200, "applied"), applied.text


async def test_liuzhou_asks_residents_and_companies_for_a_fifth_and_prefers_who_takes_part(liuzhou: World) -> None:
    world = liuzhou
    cleared = {"vote.plan.passed": "true", "notice.plan.cleared": "true"}
    stock = {"compound.floor_area": "1000", "compound.hazards": "1", "compound.built_year": "1999"}
    north = world.streets[0]
    short = await world.project(north, title="出资不足", plan=ALONE, attested=cleared)
    needy = await world.project(
        north, title="隐患多", plan=SHARED, attested=cleared, stock={**stock, "compound.hazards": "9"}
    )
    party = await world.project(
        north, title="有党组织", plan=SHARED, attested=cleared, stock={**stock, "governance.party_organisation": "true"}
    )
    active = await world.project(
        north, title="参与度高", plan=SHARED, attested={**cleared, "survey.response_share": "0.8"}, stock=stock
    )
    assert await gates(world, short) == {"plan_vote": True, "plan_notice": True, "co_funding": False}
    year = (await today(world)).year + 2
    found = await world.round(policy_id=None, year=year)  # counties apply by the end of October of the year before
    assert (found["policy_id"], found["apply_until"]) == ("liuzhou", f"{year - 1}-10-31")
    await world.freeze(found["id"])
    ranking = await world.ranking((await world.run(found["id"]))["id"])
    assert [one["project_id"] for one in ranking] == [party["id"], active["id"], needy["id"], short["id"]]
    assert [one["rank"] for one in ranking] == [1, 2, 3, None]


@pytest.mark.parametrize(("year", "eligible"), [("2005", "yes"), ("2006", "no")])
async def test_liuzhou_renovates_what_was_built_by_the_end_of_2005(liuzhou: World, year: str, eligible: str) -> None:
    compound = await liuzhou.compound(liuzhou.streets[0], {"compound.built_year": year})
    told = (await liuzhou.city.get(f"/v1/compounds/{compound}/eligibility")).json()
    assert told["eligible"] == eligible
    assert "000_bd23a0c1419f9e17.txt" in str(told)


async def test_hebei_asks_for_eighty_of_a_hundred_at_three_places(hebei: World) -> None:
    world = hebei
    project = await world.project(world.streets[0], attested={"survey.join.agree_of_all_share": "0.7999"}, apply=False)
    body = {"applicant": "neighbourhood_committee"}
    refused = await step(world, project["id"], "apply", body)
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/gates/join"]
    await attest(world, project["id"], {"survey.join.agree_of_all_share": "0.8"})
    assert (await step(world, project["id"], "apply", body)).status_code == 200
    found = await world.round(policy_id=None)
    await world.freeze(found["id"])
    [held] = await world.ranking((await world.run(found["id"]))["id"])
    assert (held["outcome"], held["reason"]["failed_gates"]) == ("not_ranked", ["asked"])
    await attest(world, project["id"], {"survey.plan.asked_share": "4/5"})
    await world.freeze(found["id"])
    [ranked] = await world.ranking((await world.run(found["id"]))["id"])
    assert ranked["rank"] == 1, "acceptance comes after the choice"
    assert await gates(world, project) == {"join": True, "asked": True, "satisfied": False}


async def test_zhuhai_starts_works_only_after_the_result_of_the_vote_was_published(zhuhai: World) -> None:
    world = zhuhai
    project = str((await world.project(world.streets[0], attested={}))["id"])  # applies without any vote
    async with world.database.begin(SYSTEM) as uow:
        await stages.enter(
            uow,
            stages={UUID(project): Stage.PLANNED},
            action=Action.CHOOSE,
            year=2027,
            round_id=None,
            policy_version_id=None,
            document="珠建联〔2027〕1号",
        )
    await ready_to_start(world.database, project)
    order = {"document": "珠建开〔2027〕1号"}
    refused = await step(world, project, "start", order)
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/gates/plan_vote", "/gates/vote_published"]
    await attest(world, project, {"vote.plan.passed": "true"})
    refused = await step(world, project, "start", order)
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/gates/vote_published"]
    await attest(world, project, {"vote.plan.result_published": "true"})
    assert (await step(world, project, "start", order)).json()["stage"] == "works"


async def test_beijing_ranks_nothing_before_residents_agreed_to_their_duties(beijing: World) -> None:
    world = beijing
    agreed = {**STOCK, "governance.management_mode_agreed": "true"}
    willing = {"survey.join.agree_of_all_share": "2/3"}
    held = await world.project(world.streets[0], title="义务未议定", stock=agreed, attested=willing)
    ready = await world.project(
        world.streets[0],
        title="义务已议定",
        stock={**agreed, "governance.duties_agreed": "true"},
        attested=willing,
    )
    assert [name for name, passed in (await gates(world, held)).items() if not passed] == ["duties"]
    found = await world.round(policy_id=None)
    await world.freeze(found["id"])
    ranking = await world.ranking((await world.run(found["id"]))["id"])
    assert [(one["project_id"], one["rank"]) for one in ranking] == [(ready["id"], 1), (held["id"], None)]
