"""Carry-over: who missed a plan and has improved since comes first in the next round of his region."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from services.core.kit.uow import SYSTEM
from services.core.selection.carry_over import CarriedOver, carry_overs
from tests.api.selection.world import STOCK, World, plan_of
from tests.api.selection.year import confirm, end_notice, plan_of_year, publish


async def claims(world: World, projects: Iterable[dict[str, Any]]) -> Mapping[str, CarriedOver]:
    """The claims of projects as things stand now, by title."""
    titles = {UUID(one["id"]): one["title"] for one in projects}
    async with world.database.read() as reader:
        found = await carry_overs(reader, region_path=world.root.path, project_ids=list(titles))
    return {titles[project]: one for project, one in found.items()}


async def missed(world: World, count: int = 3, **terms: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Projects of falling need of which the plan implements the first, and the confirmation."""
    projects = [
        await world.project(world.streets[0], title=title, stock={**STOCK, "compound.hazards": str(5 - place)})
        for place, title in enumerate("甲乙丙丁戊"[:count])
    ]
    found = await world.round(caps=[{"count": 1}], reserve=1, **terms)
    return projects, await plan_of_year(world, found["id"])


async def replan(world: World, project: dict[str, Any], budget: str) -> None:
    """The next plan version."""
    added = await world.city.post(f"/v1/projects/{project['id']}/plans", json=plan_of(budget))
    assert added.status_code == 201, added.text


async def attest(world: World, project: dict[str, Any], key: str, value: str, document: str) -> None:
    """What the street says of a project."""
    said = {"facts": [{"key": key, "value": value, "source": "街道", "document": document}]}
    answer = await world.city.post(f"/v1/projects/{project['id']}/facts", json=said)
    assert answer.status_code == 201, answer.text


async def compound_of(world: World, project: dict[str, Any]) -> UUID:
    """The one compound of a project."""
    return UUID((await world.city.get(f"/v1/projects/{project['id']}")).json()["compounds"][0]["id"])


async def test_without_a_recorded_improvement_nobody_is_carried_over(world: World) -> None:
    compound = await world.compound(world.streets[0])
    await world.record("compound", compound, world.streets[0], {"governance.committee": "true"})
    projects, _ = await missed(world)
    held = await world.project(world.streets[0], title="未申报", apply=False, compounds=[compound])
    assert await claims(world, [*projects, held]) == {}
    # The same again is no improvement, and neither is what failed.
    await attest(world, projects[1], "vote.plan.passed", "true", "甬街〔2026〕1号")
    await world.record(
        "compound", await compound_of(world, projects[2]), world.streets[0], {"governance.committee": "false"}
    )
    assert await claims(world, [*projects, held]) == {}


async def test_a_plan_a_vote_and_a_governance_fact_are_improvements(world: World) -> None:
    projects, confirmation = await missed(world, 5)
    in_plan, plan, vote, governance, idle = projects
    await replan(world, plan, "390000")
    await attest(world, vote, "vote.plan.approval_share", "0.9", "甬街〔2027〕1号")
    await world.record(
        "compound", await compound_of(world, governance), world.streets[0], {"governance.committee": "true"}
    )
    await attest(world, in_plan, "vote.plan.approval_share", "0.9", "甬街〔2027〕1号")  # it needs none
    await world.record("compound", await compound_of(world, idle), world.streets[0], {"compound.households": "120"})
    found = await claims(world, projects)
    assert {title: [(str(one.kind), one.key) for one in claim.improvements] for title, claim in found.items()} == {
        "乙": [("plan", "2")],
        "丙": [("vote", "vote.plan.approval_share")],
        "丁": [("governance", "governance.committee")],
    }
    assert {(str(one.round_id), one.times) for one in found.values()} == {(confirmation["round_id"], 0)}
    assert (await claims(world, [idle])) == {}


async def test_an_improvement_before_the_confirmation_does_not_count(world: World) -> None:
    projects, _ = await missed(world)
    await replan(world, projects[1], "390000")
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE plan_version SET made_at = made_at - interval '1 day' WHERE project_id = $1",
            UUID(projects[1]["id"]),
        )
    assert await claims(world, projects) == {}


async def test_the_same_plan_again_is_no_improvement_and_another_one_is(world: World) -> None:
    projects, _ = await missed(world)
    await replan(world, projects[1], "390000")
    await attest(
        world, projects[1], "vote.plan.passed", "true", "甬街〔2027〕1号"
    )  # the vote of the old plan has lapsed
    assert set(await claims(world, projects)) == {"乙"}
    found = await world.round(caps=[{"count": 0}], reserve=9, year=2028, filter={"stage": "library"})
    await plan_of_year(world, found["id"])
    await replan(world, projects[1], "390000")
    assert await claims(world, projects) == {}
    await replan(world, projects[1], "380000")
    assert set(await claims(world, projects)) == {"乙"}


async def test_a_later_round_of_the_region_that_did_not_rank_it_ends_the_claim(world: World) -> None:
    projects, _ = await missed(world)
    await replan(world, projects[1], "390000")
    elsewhere = await world.round(world.counties[1], year=2028)
    await plan_of_year(world, elsewhere["id"])
    assert set(await claims(world, projects)) == {"乙"}
    nobody = await world.round(world.counties[0], year=2028)  # nobody has applied
    await plan_of_year(world, nobody["id"])
    assert await claims(world, projects) == {}


async def test_the_round_of_a_county_above_the_street_counts_as_its_last(world: World) -> None:
    projects, confirmation = await missed(world)
    county = await world.round(
        world.counties[0], caps=[{"count": 0}], reserve=1, year=2028, filter={"stage": "library"}
    )
    later = await plan_of_year(world, county["id"])
    await replan(world, projects[2], "390000")
    (claim,) = (await claims(world, projects)).values()
    assert str(claim.round_id) == later["round_id"] != confirmation["round_id"]


async def test_times_in_a_row_are_counted_by_the_plan(world: World) -> None:
    """What the run says of carry-over is what counts; a round that did not prefer the project begins anew."""
    projects, _ = await missed(world)
    for year, preferred, times in ((2028, True, 1), (2029, True, 2), (2030, False, 0), (2031, True, 1)):
        found = await world.round(caps=[{"count": 0}], reserve=9, year=year, filter={"stage": "library"})
        await world.freeze(found["id"])
        run = await world.run(found["id"])
        async with world.database.begin(SYSTEM) as uow:
            await uow.driver.execute(
                "UPDATE run_result SET reason = jsonb_set(reason, '{carried}', $2::text::jsonb) WHERE run_id = $1",
                UUID(run["id"]),
                '"tier"' if preferred else "null",
            )
        assert (await world.city.post(f"/v1/runs/{run['id']}/publish")).status_code == 201
        await end_notice(world, found["id"])
        assert (await confirm(world, run["id"])).status_code == 201
        await replan(world, projects[1], str(year))
        await attest(world, projects[1], "vote.plan.passed", "true", f"甬街〔{year}〕1号")
        assert (await claims(world, projects))["乙"].times == times


async def test_who_has_improved_comes_first_in_the_next_round(world: World) -> None:
    projects, confirmation = await missed(world)
    improved = projects[2]
    await replan(world, improved, "390000")
    await attest(world, improved, "vote.plan.passed", "true", "甬街〔2027〕1号")
    found = await world.round(caps=[{"count": 2}], year=2028, filter={"stage": "library"})
    published = await publish(world, found["id"])
    ranking = await world.ranking(published["run_id"])
    assert [(one["title"], one["outcome"], one["reason"]["carried"]) for one in ranking] == [
        ("丙", "in", "tier"),
        ("乙", "in", None),
    ]
    detail = (await world.city.get(f"/v1/runs/{published['run_id']}/projects/{improved['id']}")).json()
    assert confirmation["round_id"] in str(detail)
    assert float(ranking[0]["total"]) < float(ranking[1]["total"])
    await end_notice(world, found["id"])
    assert (await confirm(world, published["run_id"])).status_code == 201
    steps = (await world.city.get(f"/v1/projects/{improved['id']}/lineage")).json()["steps"]
    assert [(one["year"], one["list"]) for one in steps if one["of"] == "plan"] == [
        (2027, "later"),
        (2028, "implement"),
    ]
