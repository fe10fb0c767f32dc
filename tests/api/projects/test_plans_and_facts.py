"""Plan versions, what they say as facts, attested facts, gates."""

import asyncio
from typing import Any, ClassVar
from uuid import UUID

import pytest

from services.core.facts.rules import Kind
from tests.api.projects.steps import follow
from tests.api.selection.world import PLAN, STOCK, World, plan_of


async def test_a_plan_becomes_counted_facts(world: World) -> None:
    project = await world.project(world.streets[0], apply=False)
    facts = (await world.city.get(f"/v1/projects/{project['id']}/facts")).json()["facts"]
    assert facts["project.budget"]["value"] == "400000.5"
    assert facts["project.budget"]["kind"] == "counted"
    assert facts["plan.complete"]["value"] == "true"
    assert facts["funding.residents_share"]["value"] == "0.1"
    assert facts["funding.residents_and_companies_share"]["value"] == "0.1"
    assert facts["compound.hazards"]["value"] == "3"
    thirds = {
        **plan_of("300"),
        "funding": [{"source": "residents", "amount": "100"}, {"source": "city", "amount": "200"}],
    }
    added = await world.city.post(f"/v1/projects/{project['id']}/plans", json=thirds)
    assert (added.status_code, added.json()["number"]) == (201, 2)
    facts = (await world.city.get(f"/v1/projects/{project['id']}/facts")).json()["facts"]
    assert facts["funding.residents_share"]["value"] == "1/3"
    assert facts["funding.residents_share"]["sources"][0]["rows"][0]["plan_version"] == 2
    assert (await world.city.get(f"/v1/projects/{project['id']}")).json()["plan_number"] == 2


async def test_versions_are_kept_with_what_changed(world: World) -> None:
    project = await world.project(world.streets[0], apply=False)
    changed = {
        **PLAN,
        "items": [
            {**PLAN["items"][0], "cost": "200000"},
            {"title": "电梯", "category": "upgraded", "quantity": "1", "unit": "部", "cost": "200000.50"},
        ],
        "management_mode": None,
    }
    added = (await world.city.post(f"/v1/projects/{project['id']}/plans", json=changed)).json()
    plans = (await world.city.get(f"/v1/projects/{project['id']}/plans")).json()["items"]
    assert [plan["number"] for plan in plans] == [1, 2]
    assert plans[0]["changes"] is None
    assert plans[1]["changes"] == added["changes"]
    difference = added["changes"]
    assert [line["title"] for line in difference["items"]["added"]] == ["电梯"]
    assert [line["title"] for line in difference["items"]["removed"]] == ["健身场地"]
    assert [(line["before"]["cost"], line["after"]["cost"]) for line in difference["items"]["changed"]] == [
        ("300000.00", "200000.00")
    ]
    assert difference["management_mode"] == {"before": "物业服务", "after": None}
    assert "budget" not in difference
    assert plans[0]["digest"] != plans[1]["digest"]
    facts = (await world.city.get(f"/v1/projects/{project['id']}/facts")).json()["facts"]
    assert facts["plan.complete"]["value"] == "false"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"funding": [{"source": "city", "amount": "500000"}]}, "/funding/0/amount"),
        ({"funding": [{"source": "city", "amount": "400000.49"}]}, "/funding"),
        (
            {"funding": [{"source": "city", "amount": "400000"}, {"source": "residents", "amount": "0.51"}]},
            "/funding/1/amount",
        ),
        (
            {"funding": [{"source": "city", "amount": "200000"}, {"source": "city", "amount": "200000.50"}]},
            "/funding/1/source",
        ),
        ({"budget": "399999"}, "/items/1/cost"),
        ({"budget": "1.234"}, "/budget"),
        ({"budget": 400000.5}, "/budget"),
        ({"funding": [{"source": "lottery", "amount": "1"}]}, "/funding/0/source"),
    ],
)
async def test_a_plan_that_does_not_add_up_is_refused_by_line(
    world: World, wrong: dict[str, Any], pointer: str
) -> None:
    project = await world.project(world.streets[0], plan=None, attested={}, apply=False)
    refused = await world.city.post(f"/v1/projects/{project['id']}/plans", json={**PLAN, **wrong})
    assert refused.status_code == 422
    assert pointer in [place["pointer"] for place in refused.json()["errors"]]
    assert (await world.city.get(f"/v1/projects/{project['id']}/plans")).json()["items"] == []


async def test_plans_added_at_once_are_numbered_without_gaps(world: World) -> None:
    project = await world.project(world.streets[0], plan=None, attested={}, apply=False)
    path = f"/v1/projects/{project['id']}/plans"
    answers = await asyncio.gather(*(world.city.post(path, json=plan_of(str(number))) for number in range(1, 9)))
    assert sorted(answer.json()["number"] for answer in answers) == list(range(1, 9))
    last = max((answer.json() for answer in answers), key=lambda plan: plan["number"])
    facts = (await world.city.get(f"/v1/projects/{project['id']}/facts")).json()
    assert facts["conflicts"] == []
    assert float(facts["facts"]["project.budget"]["value"]) == float(last["budget"])


async def test_nobody_claims_what_the_system_counts(world: World) -> None:
    project = await world.project(world.streets[0], attested={}, apply=False)
    path = f"/v1/projects/{project['id']}/facts"
    said = {"key": "project.budget", "value": "1", "source": "街道"}
    counted = await world.city.post(path, json={"facts": [{**said, "kind": "counted"}]})
    assert (counted.status_code, counted.json()["errors"][0]["pointer"]) == (422, "/facts/0/kind")
    in_its_name = await world.city.post(path, json={"facts": [{**said, "source": "project.plan"}]})
    assert (in_its_name.status_code, in_its_name.json()["errors"][0]["pointer"]) == (422, "/facts/0/source")
    foreign = await world.city.post(path, json={"facts": [{**said, "key": "compound.hazards"}]})
    assert foreign.json()["errors"][0]["pointer"] == "/facts/0/key"
    beside = await world.city.post(path, json={"facts": [said]})
    assert beside.status_code == 201
    known = (await world.city.get(path)).json()["facts"]["project.budget"]
    assert (known["value"], known["kind"]) == ("400000.5", "counted")


async def test_compounds_are_taken_together_as_the_catalogue_says(world: World) -> None:
    street = world.streets[0]
    one = await world.compound(
        street, {**STOCK, "facilities.basic.defect_share": "1/2", "governance.committee": "true"}
    )
    two = await world.compound(
        street,
        {
            "compound.floor_area": "3000",
            "compound.built_year": "1979",
            "compound.hazards": "2",
            "facilities.basic.defect_share": "1",
            "governance.committee": "false",
            "compound.households": "40",
        },
    )
    project = await world.project(street, compounds=[one, two], plan=None, attested={}, apply=False)
    facts = (await world.city.get(f"/v1/projects/{project['id']}/facts")).json()["facts"]
    assert {key: fact["value"] for key, fact in facts.items()} == {
        "compound.built_year": "1979",
        "compound.floor_area": "4000",
        "compound.hazards": "5",
        "compound.households": None,
        "facilities.basic.defect_share": "0.875",
        "governance.committee": "false",
    }
    assert facts["compound.households"]["missing"] == [str(one)]


async def test_gates_tell_what_is_missing(world: World) -> None:
    project = await world.project(world.streets[0], plan=None, attested={"vote.menu.passed": "false"}, apply=False)
    gates = {one["id"]: one for one in (await world.city.get(f"/v1/projects/{project['id']}/gates")).json()["gates"]}
    assert {name: (gate["met"], gate["passed"]) for name, gate in gates.items()} == {
        "menu_vote": (False, False),
        "plan_vote": (False, False),
        "plan": (False, False),
    }
    assert "现为 否" in gates["menu_vote"]["missing"]["zh"]
    assert "not recorded" in gates["plan_vote"]["missing"]["en"]
    assert gates["menu_vote"]["fact"]["sources"][0]["document"] == "甬街〔2026〕1号"
    await world.city.post(f"/v1/projects/{project['id']}/plans", json=PLAN)
    gate = (await world.city.get(f"/v1/projects/{project['id']}/gates")).json()["gates"][2]
    assert (gate["id"], gate["met"], gate["missing"], gate["wanted"]) == ("plan", True, None, {"is": True})


async def test_hard_gates_know_no_exception(world: World) -> None:
    project = await world.project(world.streets[0], apply=False)
    body = {"reason": "r", "document": "d"}
    hard = await world.district.post(f"/v1/projects/{project['id']}/gates/plan_vote/except", json=body)
    assert (hard.status_code, hard.json()["type"]) == (409, "/problems/gate-hard")
    unknown = await world.district.post(f"/v1/projects/{project['id']}/gates/no_such/except", json=body)
    assert unknown.status_code == 404


@pytest.mark.parametrize("key", ["vote.menu.passed", "survey.response_share", "notice.plan.cleared"])
async def test_a_vote_a_survey_and_a_notice_are_attested_with_a_document(world: World, key: str) -> None:
    project = await world.project(world.streets[0], attested={}, apply=False)
    path = f"/v1/projects/{project['id']}/facts"
    said = {"key": key, "value": "1" if "share" in key else "true", "source": "街道"}
    without = await world.city.post(path, json={"facts": [said]})
    assert (without.status_code, without.json()["errors"][0]["pointer"]) == (422, "/facts/0/document")
    made_up = await world.city.post(path, json={"facts": [{**said, "kind": "synthetic", "source": "演示"}]})
    assert made_up.status_code == 201
    attested = await world.city.post(path, json={"facts": [{**said, "document": "甬街〔2026〕1号"}]})
    assert attested.status_code == 201
    listed = {one["key"]: one for one in (await world.city.get("/v1/facts")).json()["items"]}
    assert listed[key]["needs_document"]
    assert not listed["project.ready"]["needs_document"]


def gate_of(answer: dict[str, Any], name: str) -> dict[str, Any]:
    """One gate of a project's gates."""
    found: dict[str, Any] = next(one for one in answer["gates"] if one["id"] == name)
    return found


class TestVotesAndTheirPlans:
    """A plan vote, and a plan's notice, count for the version that they were on (domain.md S3, docs/adr/0014)."""

    VOTE: ClassVar[dict[str, str]] = {
        "key": "vote.plan.passed",
        "value": "true",
        "source": "街道",
        "document": "表决公告1号",
    }

    async def test_a_changed_plan_needs_a_vote_of_its_own(self, world: World) -> None:
        attested = {"vote.menu.passed": "true", "vote.plan.passed": "true", "notice.plan.cleared": "true"}
        project = await world.project(world.streets[0], attested=attested, apply=False)
        path = f"/v1/projects/{project['id']}"
        assert gate_of((await world.city.get(f"{path}/gates")).json(), "plan_vote")["passed"]
        assert (await world.city.post(f"{path}/plans", json=plan_of("500000"))).status_code == 201
        gates = (await world.city.get(f"{path}/gates")).json()
        gate = gate_of(gates, "plan_vote")
        assert (gate["met"], gate["passed"], gate["earlier_plan"], gate["fact"]) == (False, False, 1, None)
        assert "第 1 版方案" in gate["missing"]["zh"]
        assert "plan version 1" in gate["missing"]["en"]
        assert gate_of(gates, "menu_vote")["passed"]
        facts = (await world.city.get(f"{path}/facts")).json()["facts"]
        assert "notice.plan.cleared" not in facts
        assert (await world.city.post(f"{path}/facts", json={"facts": [self.VOTE]})).status_code == 201
        gate = gate_of((await world.city.get(f"{path}/gates")).json(), "plan_vote")
        assert (gate["passed"], gate["earlier_plan"]) == (True, None)
        assert gate["fact"]["sources"][0]["rows"] == [{"plan_version": 2}]

    async def test_the_same_plan_again_keeps_its_vote(self, world: World) -> None:
        project = await world.project(world.streets[0], apply=False)
        path = f"/v1/projects/{project['id']}"
        assert (await world.city.post(f"{path}/plans", json=PLAN)).json()["number"] == 2
        assert gate_of((await world.city.get(f"{path}/gates")).json(), "plan_vote")["passed"]

    async def test_a_vote_entered_before_the_first_plan_is_about_it(self, world: World) -> None:
        project = await world.project(world.streets[0], plan=None, apply=False)
        path = f"/v1/projects/{project['id']}"
        for budget, passed in (("100", True), ("200", False)):
            await world.city.post(f"{path}/plans", json=plan_of(budget))
            assert gate_of((await world.city.get(f"{path}/gates")).json(), "plan_vote")["passed"] is passed

    async def test_a_vote_on_another_plan_is_refused(self, world: World) -> None:
        project = await world.project(world.streets[0], attested={}, apply=False)
        path = f"/v1/projects/{project['id']}/facts"
        await world.city.post(f"/v1/projects/{project['id']}/plans", json=plan_of("200"))
        menu = {**self.VOTE, "key": "vote.menu.passed"}
        late = await world.city.post(path, json={"facts": [menu, {**self.VOTE, "plan_number": 1}]})
        assert (late.status_code, late.json()["type"]) == (422, "/problems/plan-not-in-force")
        assert late.json()["errors"][0]["pointer"] == "/facts/1/plan_number"
        unbound = await world.city.post(path, json={"facts": [{**menu, "plan_number": 2}]})
        assert unbound.json()["errors"][0]["pointer"] == "/facts/0/plan_number"
        assert (await world.city.get(path)).json()["facts"].get("vote.menu.passed") is None
        named = await world.city.post(path, json={"facts": [{**self.VOTE, "plan_number": 2}]})
        assert named.status_code == 201

    async def test_a_vote_never_slips_past_a_plan_that_is_just_added(self, world: World) -> None:
        project = await world.project(world.streets[0], attested={}, apply=False)
        path = f"/v1/projects/{project['id']}"
        for number in range(2, 10):
            said = {"facts": [{**self.VOTE, "document": f"公告{number}号"}]}
            added, voted = await asyncio.gather(
                world.city.post(f"{path}/plans", json=plan_of(str(number))), world.city.post(f"{path}/facts", json=said)
            )
            assert (added.status_code, voted.status_code) == (201, 201)
            facts = (await world.city.get(f"{path}/facts")).json()["facts"]
            if "vote.plan.passed" in facts:  # the vote came after the plan: it is on that one
                assert facts["vote.plan.passed"]["sources"][0]["rows"] == [{"plan_version": number}]


async def test_a_count_replaces_what_was_attested_and_shows_it(world: World) -> None:
    street = world.streets[0]
    project = await world.project(street, attested={"vote.menu.passed": "true"}, apply=False)
    await world.record(
        "project", UUID(project["id"]), street, {"vote.menu.passed": "false"}, source="vote", kind=Kind.COUNTED
    )
    path = f"/v1/projects/{project['id']}"
    known = (await world.city.get(f"{path}/facts")).json()["facts"]["vote.menu.passed"]
    assert (known["value"], known["kind"]) == ("false", "counted")
    (replaced,) = known["replaced"]
    assert (replaced["value"], replaced["kind"], replaced["document"]) == ("true", "attested", "甬街〔2026〕1号")
    gate = gate_of((await world.city.get(f"{path}/gates")).json(), "menu_vote")
    assert (gate["met"], gate["replaced"]) == (False, [replaced])


async def test_gates_tell_which_compound_lacks_what(world: World) -> None:
    street = world.streets[0]
    stock = [
        ("一村", {"compound.floor_area": "1000", "compound.built_year": "1990", "governance.committee": "true"}),
        ("二村", {"compound.floor_area": "1000", "compound.built_year": "2001", "governance.committee": "false"}),
        ("三村", {"compound.floor_area": "1000"}),
    ]
    compounds = [await world.compound(street, figures, name=name) for name, figures in stock]
    await world.record("compound", compounds[0], street, {"compound.built_year": "1991"}, source="档案")
    await follow(
        world,
        [
            {"id": "committee", "fact": "governance.committee", "is": True},
            {"id": "young", "fact": "compound.built_year", "at_most": "2000"},
            {"id": "area", "fact": "compound.floor_area", "at_least": "2000"},
            {"id": "asked", "fact": "survey.plan.asked_share", "at_least": "0.8"},
        ],
    )
    project = await world.project(street, compounds=compounds, plan=None, attested={}, apply=False)
    gates = (await world.city.get(f"/v1/projects/{project['id']}/gates")).json()

    def parts(gate: str) -> dict[str, tuple[str | None, bool, bool | None]]:
        found = gate_of(gates, gate)["compounds"]
        return {one["name"]: (one["value"], one["in_conflict"], one["meets"]) for one in found}

    assert parts("committee") == {
        "一村": ("true", False, True),
        "二村": ("false", False, False),
        "三村": (None, False, False),
    }
    assert parts("young") == {
        "一村": (None, True, False),
        "二村": ("2001", False, False),
        "三村": (None, False, False),
    }
    assert parts("area") == dict.fromkeys(("一村", "二村", "三村"), ("1000", False, None))
    assert parts("asked") == {}


async def test_one_version_shows_what_was_voted_on_it(world: World) -> None:
    project = await world.project(world.streets[0], apply=False)
    path = f"/v1/projects/{project['id']}/plans"
    added = await world.city.post(path, json=plan_of("500000"))
    assert added.headers["location"] == f"{path}/2"
    first, second = [(await world.city.get(f"{path}/{number}")).json() for number in (1, 2)]
    assert (first["budget"], first["changes"]) == ("400000.50", None)
    (said,) = first["said"]
    assert (said["key"], said["value"], said["document"]) == ("vote.plan.passed", "true", "甬街〔2026〕1号")
    assert said["superseded_at"] is not None
    assert (second["said"], second["changes"]) == ([], added.json()["changes"])
    assert (await world.city.get(f"{path}/3")).status_code == 404
    assert (await world.other_district.get(f"{path}/1")).status_code == 404
    assert (await world.city.get(f"{path}/0")).status_code == 422


async def test_any_two_versions_are_compared(world: World) -> None:
    project = await world.project(world.streets[0], plan=None, attested={}, apply=False)
    path = f"/v1/projects/{project['id']}/plans"
    for budget in ("100", "200", "300"):
        await world.city.post(path, json=plan_of(budget))

    async def budgets(before: int, after: int) -> dict[str, str] | None:
        told = await world.city.get(f"{path}/compare", params={"from": before, "to": after})
        assert (told.json()["from_number"], told.json()["to_number"]) == (before, after)
        found: dict[str, str] | None = told.json()["changes"].get("budget")
        return found

    assert await budgets(1, 3) == {"before": "100.00", "after": "300.00"}
    assert await budgets(3, 1) == {"before": "300.00", "after": "100.00"}
    assert await budgets(2, 2) is None
    for wrong in ({"from": 1, "to": 4}, {"from": 9, "to": 1}):
        assert (await world.city.get(f"{path}/compare", params=wrong)).status_code == 404
    assert (await world.city.get(f"{path}/compare", params={"from": 1})).status_code == 422
    assert (await world.other_district.get(f"{path}/compare", params={"from": 1, "to": 2})).status_code == 404
