"""Consultations in rounds (R1): who is asked, who asks, what changes, when it is through, and the figures that come of it."""

import asyncio
from collections import Counter
from uuid import UUID, uuid4

import pytest

from tests.api.consultations.city import TOGETHER, City, doors
from tests.support.rolls import Roll

# The five compounds of Fenggang (002_27062f6e0cd24188.txt): their households; doors and owners are made up.
FENGGANG = {"粮贸小区": 55, "老中医院小区": 220, "武装部小区": 107, "老财政局小区": 256, "金融小区": 170}


async def in_batches(city: City, consultation: str, said: dict[UUID, str], **how: str) -> None:
    """Answers of a whole round, 200 at a time."""
    items = list(said.items())
    for start in range(0, len(items), 200):
        answered = await city.answer(consultation, dict(items[start : start + 200]), **how)
        assert answered.status_code == 201, answered.text


async def test_three_rounds_over_the_808_households_of_fenggang(city: City) -> None:
    rolls: list[Roll] = []
    for households in FENGGANG.values():
        given = dict(list(doors(10, 4, 7).items())[:households])
        rolls.append(await city.roll(given))
    assert sum(len(roll.doors) for roll in rolls) == 808
    project = await city.project(*(roll.compound_id for roll in rolls))
    attested = {"key": "consultation.plan.agree_of_all_share", "value": "0.97", "source": "街道", "document": "d"}
    said = await city.city.post(f"/v1/projects/{project}/facts", json={"facts": [attested]})
    assert said.status_code == 201, said.text
    for roll in rolls:
        consultation = (await city.open(roll.compound_id, "plan", project))["id"]
        everybody = roll.properties
        # Round 1: the owners' committee asks all. Of every ten, six agree, two do not, one wavers, one is not reached.
        first = {
            one: ("agree", "agree", "agree", "agree", "agree", "agree", "disagree", "disagree", "undecided")[index % 10]
            for index, one in enumerate(everybody)
            if index % 10 != 9
        }
        await in_batches(city, consultation, first)
        counted = Counter(first.values())
        assert await city.totals(consultation) == {
            "doors": len(everybody),
            "agreed": counted["agree"],
            "disagreed": counted["disagree"],
            "undecided": counted["undecided"],
            "unanswered": len(everybody) - len(first),
        }
        # Round 2: grid staff ask those who are not for it yet, and nobody else.
        assert (await city.act(consultation, "rounds")).status_code == 201
        waiting = {one for one in everybody if first.get(one) != "agree"}
        assert {UUID(one["property_id"]) for one in await city.targets(consultation, 2)} == waiting
        won = sorted(waiting)[: len(waiting) - 2]
        met = await city.visit(consultation, dict.fromkeys(won[:200], "agreed"), ["grid_staff"])
        assert met.status_code == 201, met.text
        # Round 3: all three together to the last doors, up to everybody.
        assert (await city.act(consultation, "rounds")).status_code == 201
        last = [UUID(one["property_id"]) for one in await city.targets(consultation, 3)]
        assert set(last) == waiting - set(won)
        assert (await city.visit(consultation, dict.fromkeys(last, "not_home"), TOGETHER)).status_code == 201
        assert (await city.visit(consultation, dict.fromkeys(last, "agreed"), TOGETHER)).status_code == 201
        closed = await city.act(consultation, "close", {})
        assert closed.status_code == 200, closed.text
        assert (closed.json()["agreed"], closed.json()["doors"]) == (len(everybody), len(everybody))
    gate = await city.gate(project, "consulted")
    assert (gate["met"], gate["fact"]["value"], gate["fact"]["kind"]) == (True, "1", "counted")
    assert [one["value"] for one in gate["replaced"]] == ["0.97"], "what was attested stays visible"


async def test_the_figure_of_a_project_is_of_all_households_and_live(city: City) -> None:
    ours, theirs = await city.roll(doors(1, 1, 2)), await city.roll(doors(1, 1, 4))
    project = await city.project(ours.compound_id, theirs.compound_id)
    consultation = (await city.open(ours.compound_id, "plan", project))["id"]
    await city.answer(consultation, dict.fromkeys(ours.properties, "agree"))
    gate = await city.gate(project, "consulted")
    assert (gate["met"], gate["fact"]["value"]) == (False, "1/3"), "the other compound has not been asked"
    rest = (await city.open(theirs.compound_id, "plan", project))["id"]
    await city.answer(rest, dict.fromkeys(theirs.properties, "agree"))
    assert (await city.gate(project, "consulted"))["met"]
    await city.answer(rest, {theirs.properties[0]: "disagree"})
    gate = await city.gate(project, "consulted")
    assert (gate["met"], gate["fact"]["value"]) == (False, "5/6")


async def test_a_new_plan_is_asked_about_anew(city: City) -> None:
    roll = await city.roll(doors(1, 1, 2))
    project = await city.project(roll.compound_id)
    consultation = (await city.open(roll.compound_id, "plan", project))["id"]
    await city.answer(consultation, dict.fromkeys(roll.properties, "agree"))
    assert (await city.gate(project, "consulted"))["met"]
    plan = {
        "items": [{"title": "整治", "category": "basic", "quantity": "1", "unit": "项", "cost": "200"}],
        "budget": "200",
        "funding": [{"source": "city", "amount": "200"}],
    }
    assert (await city.city.post(f"/v1/projects/{project}/plans", json=plan)).status_code == 201
    gate = await city.gate(project, "consulted")
    assert (gate["met"], gate["earlier_plan"]) == (False, 1)
    await city.answer(consultation, {roll.properties[0]: "agree"})  # still about the first plan
    assert not (await city.gate(project, "consulted"))["met"]
    assert (await city.act(consultation, "close", {"reason": "方案已修改"})).status_code == 200
    again = await city.open(roll.compound_id, "plan", project)
    assert again["plan_number"] == 2
    await city.answer(again["id"], dict.fromkeys(roll.properties, "agree"))
    assert (await city.gate(project, "consulted"))["met"]


async def test_a_round_has_its_actors(city: City) -> None:
    roll = await city.roll(doors(1, 1, 2))
    one, other = roll.properties
    consultation = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
    refused = await city.visit(consultation, {one: "agreed"}, ["grid_staff"])
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/visits/0/visitors")
    refused = await city.answer(consultation, {one: "agree"}, by="grid_staff")
    assert refused.json()["errors"][0]["pointer"] == "/answers/0/asked_by"
    nobody = {"actor": "owners_committee", "staff_id": str(uuid4())}
    attempt = {"property_id": str(one), "visited_on": city.today, "outcome": "not_home", "visitors": [nobody]}
    path = f"/v1/consultations/{consultation}/visits"
    refused = await city.community.post(path, json={"visits": [attempt]})
    assert refused.json()["errors"][0]["pointer"] == "/visits/0/visitors/0/staff_id"
    for day in ("2020-01-01", "2999-01-01"):
        refused = await city.community.post(path, json={"visits": [{**attempt, "visited_on": day}]})
        assert "/visits/0/visited_on" in [error["pointer"] for error in refused.json()["errors"]]
    assert (await city.visit(consultation, {one: "refused"}, ["owners_committee"])).status_code == 201
    await city.act(consultation, "rounds")
    await city.act(consultation, "rounds")
    refused = await city.visit(consultation, {other: "agreed"}, TOGETHER[:2])
    assert (refused.status_code, "共同" in refused.text) == (422, True)
    assert (await city.visit(consultation, {other: "agreed"}, reversed(TOGETHER))).status_code == 201
    exhausted = await city.act(consultation, "rounds")
    assert exhausted.json()["type"] == "/problems/consultation-rounds-exhausted"
    told = (await city.community.get(f"/v1/consultations/{consultation}/rounds")).json()
    assert [(one["number"], one["targets"], one["visits"], one["agreed"]) for one in told["items"]] == [
        (1, 2, 1, 0), (2, 2, 0, 0), (3, 2, 1, 1),
    ]  # fmt: skip
    assert told["remaining"] == 0


async def test_an_answer_may_change_and_its_history_stays(city: City) -> None:
    roll = await city.roll(doors(1, 1, 2))
    one = roll.properties[0]
    consultation = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
    await city.answer(consultation, {one: "agree"})
    await city.act(consultation, "rounds")
    assert [UUID(door["property_id"]) for door in await city.targets(consultation, 2)] == [roll.properties[1]]
    assert (await city.answer(consultation, {one: "disagree"}, by="grid_staff")).status_code == 201
    assert len(await city.targets(consultation, 2)) == 2, "who takes its word back is asked again in this round"
    ledger = (
        await city.community.get(f"/v1/consultations/{consultation}/answers", params={"property_id": str(one)})
    ).json()["items"]
    assert [(said["number"], said["answer"], said["superseded_at"] is None) for said in ledger] == [
        (1, "agree", False),
        (2, "disagree", True),
    ]


async def test_it_ends_when_all_agree_or_with_a_reason(city: City) -> None:
    roll = await city.roll(doors(1, 1, 2))
    consultation = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
    await city.answer(consultation, {roll.properties[0]: "agree"})
    refused = await city.act(consultation, "close", {})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/reason")
    closed = await city.act(consultation, "close", {"reason": "一户长期在外"})
    assert (closed.json()["status"], closed.json()["agreed"], closed.json()["doors"]) == ("closed", 1, 2)
    for late in (
        await city.answer(consultation, {roll.properties[1]: "agree"}),
        await city.visit(consultation, {roll.properties[1]: "agreed"}, ["owners_committee"]),
        await city.act(consultation, "rounds"),
        await city.act(consultation, "close", {"reason": "r"}),
    ):
        assert (late.status_code, late.json()["type"]) == (409, "/problems/consultation-closed")


async def test_nobody_left_means_no_further_round(city: City) -> None:
    roll = await city.roll(doors(1, 1, 2))
    consultation = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
    await city.answer(consultation, dict.fromkeys(roll.properties, "agree"))
    refused = await city.act(consultation, "rounds")
    assert refused.json()["type"] == "/problems/consultation-nobody-left"
    assert (await city.community.get(f"/v1/consultations/{consultation}")).json()["round"] == 1


async def test_what_is_asked_of_whom_is_checked(city: City) -> None:
    roll, elsewhere = await city.roll(doors(1, 1, 1)), await city.roll(doors(1, 1, 1))
    shops = await city.roll(doors(1, 1, 1), kind="shop")
    project = await city.project(roll.compound_id)

    async def refused(**body: str | None) -> str:
        answer = await city.community.post("/v1/consultations", json=body)
        return f"{answer.status_code} {answer.json()['type']} {answer.json().get('errors', [{}])[0].get('pointer')}"

    compound = str(roll.compound_id)
    invalid = "422 /problems/consultation-input-invalid"
    assert await refused(compound_id=compound, matter="plan") == f"{invalid} /project_id"
    assert await refused(compound_id=compound, matter="plan", project_id=str(uuid4())) == f"{invalid} /project_id"
    assert await refused(compound_id=str(elsewhere.compound_id), matter="plan", project_id=project) == (
        f"{invalid} /project_id"
    )
    assert await refused(compound_id=compound, matter="lift") == f"{invalid} /matter"
    assert await refused(compound_id=compound, matter="duties") == "409 /problems/consultation-undefined None"
    own = await city.project(shops.compound_id)
    assert await refused(compound_id=str(shops.compound_id), matter="plan", project_id=own) == (
        "409 /problems/consultation-no-doors None"
    )
    consultation = await city.open(roll.compound_id, "plan", project)
    assert await refused(compound_id=compound, matter="plan", project_id=project) == (
        "409 /problems/consultation-exists None"
    )
    door = roll.properties[0]
    for answer in (
        await city.answer(consultation["id"], {elsewhere.properties[0]: "agree"}),
        await city.answer(consultation["id"], {uuid4(): "agree"}),
        await city.visit(consultation["id"], {elsewhere.properties[0]: "agreed"}, ["owners_committee"]),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["pointer"].rsplit("/", 1)[1]) == (422, "property_id")
    twice = [{"property_id": str(door), "answer": "agree", "channel": "paper", "asked_by": "owners_committee"}] * 2
    answer = await city.community.post(f"/v1/consultations/{consultation['id']}/answers", json={"answers": twice})
    assert answer.json()["errors"][0]["pointer"] == "/answers/1/property_id"
    twice[0] = {**twice[0], "opinion": "请联系13812341234"}
    answer = await city.community.post(f"/v1/consultations/{consultation['id']}/answers", json={"answers": twice[:1]})
    assert answer.json()["errors"][0]["pointer"] == "/answers/0/opinion"
    assert "13812341234" not in answer.text
    many = [{**twice[1], "property_id": str(uuid4())} for _ in range(201)]
    answer = await city.community.post(f"/v1/consultations/{consultation['id']}/answers", json={"answers": many})
    assert answer.json()["errors"][0]["pointer"] == "/answers"
    assert (await city.totals(consultation["id"]))["unanswered"] == 1, "all or none"


async def test_targets_mask_names_and_tell_what_was_tried(city: City) -> None:
    roll = await city.roll({("3", "2", "301"): ("王伟", "80"), ("3", "2", "302"): ("欧阳娜娜", "60")})
    consultation = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
    first, second = roll.properties
    await city.visit(consultation, {first: "not_home"}, ["owners_committee"])
    await city.visit(consultation, {first: "undecided", second: "agreed"}, ["owners_committee"])
    shown = await city.targets(consultation, 1)
    assert [(one["building_no"], one["entrance_no"], one["door_no"], one["owners"]) for one in shown] == [
        ("3", "2", "301", ["王*"]),
        ("3", "2", "302", ["欧*"]),
    ]
    assert [(one["attempts"], one["last_outcome"], one["answer"], one["channel"]) for one in shown] == [
        (2, "undecided", "undecided", "door"),
        (1, "agreed", "agree", "door"),
    ]
    assert [one["door_no"] for one in await city.targets(consultation, 1, waiting=True)] == ["301"]
    assert await city.targets(consultation, 1, building_id=str(uuid4())) == []
    unknown = await city.community.get(f"/v1/consultations/{consultation}/rounds/2/targets")
    assert unknown.status_code == 404


async def test_progress_is_told_by_entrance(city: City) -> None:
    roll = await city.roll(doors(2, 2, 2))
    consultation = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
    await city.answer(consultation, {roll.doors["1", "2", "1"].property_id: "agree"})
    path = f"/v1/consultations/{consultation}/progress"
    page = (await city.community.get(path, params={"limit": 3})).json()
    rest = (await city.community.get(path, params={"limit": 3, "cursor": page["next_cursor"]})).json()
    told = [*page["items"], *rest["items"]]
    assert [(one["building_no"], one["entrance_no"], one["doors"], one["agreed"]) for one in told] == [
        ("1", "1", 2, 0), ("1", "2", 2, 1), ("2", "1", 2, 0), ("2", "2", 2, 0),
    ]  # fmt: skip
    assert (page["totals"]["doors"], page["agree_at_least"], page["through"]) == (8, "1", False)


async def test_two_visits_to_one_door_at_once_leave_one_answer(city: City) -> None:
    roll = await city.roll(doors(1, 1, 3))
    project = await city.project(roll.compound_id)
    consultation = (await city.open(roll.compound_id, "plan", project))["id"]
    one, two, three = roll.properties
    answers = await asyncio.gather(
        *(city.visit(consultation, {one: outcome}, ["owners_committee"]) for outcome in ["agreed", "refused"] * 4),
        city.answer(consultation, {two: "agree"}),
        city.answer(consultation, {three: "agree"}),
    )
    assert {answer.status_code for answer in answers} == {201}
    ledger = (await city.community.get(f"/v1/consultations/{consultation}/answers", params={"limit": 100})).json()
    standing = [said for said in ledger["items"] if said["superseded_at"] is None]
    assert len(ledger["items"]) == 10
    assert len({said["property_id"] for said in standing}) == len(standing) == 3
    agreed = sum(said["answer"] == "agree" for said in standing)
    value = (await city.gate(project, "consulted"))["fact"]["value"]
    assert value == {2: "2/3", 3: "1"}[agreed], "the figure is of them all, whoever was last"


@pytest.mark.parametrize("times", [2])
async def test_a_repeated_request_is_answered_once(city: City, times: int) -> None:
    roll = await city.roll(doors(1, 1, 1))
    consultation = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
    body = {
        "visits": [
            {
                "property_id": str(roll.properties[0]),
                "visited_on": city.today,
                "outcome": "not_home",
                "visitors": [{"actor": "owners_committee"}],
            }
        ]
    }
    for _ in range(times):
        answer = await city.community.post(
            f"/v1/consultations/{consultation}/visits", json=body, headers={"Idempotency-Key": "one"}
        )
        assert answer.status_code == 201
    assert len((await city.community.get(f"/v1/consultations/{consultation}/visits")).json()["items"]) == 1


async def test_two_who_begin_the_same_consultation_at_once_begin_it_once(city: City) -> None:
    roll = await city.roll(doors(1, 1, 2))
    project = await city.project(roll.compound_id)
    body = {"compound_id": str(roll.compound_id), "matter": "plan", "project_id": project}
    answers = await asyncio.gather(*(city.community.post("/v1/consultations", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_foreign_community_finds_nothing(city: City) -> None:
    roll = await city.roll(doors(1, 1, 1))
    consultation = (await city.open(roll.compound_id, "plan", await city.project(roll.compound_id)))["id"]
    path = f"/v1/consultations/{consultation}"
    for below in ("", "/rounds", "/progress", "/visits", "/answers", "/rounds/1/targets"):
        assert (await city.neighbour.get(path + below)).status_code == 404
    for action, body in (("close", {"reason": "r"}), ("rounds", None)):
        answer = await city.neighbour.post(f"{path}/{action}", json=body, headers={"If-Match": '"1"'})
        assert answer.status_code == 404
    listed = (await city.neighbour.get("/v1/consultations", params={"limit": 100})).json()["items"]
    assert listed == []
    body = {"compound_id": str(roll.compound_id), "matter": "plan", "project_id": str(uuid4())}
    assert (await city.neighbour.post("/v1/consultations", json=body)).status_code == 404


async def test_beijing_counts_the_duties_that_residents_agree_to(city: City) -> None:
    await city.follow("beijing")
    roll = await city.roll(doors(1, 1, 3))
    project = await city.project(roll.compound_id)
    consultation = (await city.open(roll.compound_id, "duties"))["id"]
    one, two, _ = roll.properties
    await city.answer(consultation, {one: "agree"}, by="community_planner")
    gate = await city.gate(project, "duties")
    assert (gate["met"], gate["fact"]["value"]) == (False, "false")
    await city.answer(consultation, {two: "agree"}, by="street")
    assert (await city.gate(project, "duties"))["met"], "two of three, exactly"
    willing = (await city.open(roll.compound_id, "renovation", project))["id"]
    await city.answer(willing, {one: "agree", two: "agree"}, by="street")
    assert (await city.gate(project, "willing"))["met"]


async def test_a_compound_is_not_merged_while_its_residents_are_asked(city: City) -> None:
    roll, other = await city.roll(doors(1, 1, 1)), await city.roll({("2", "1", "1"): ("李二", "80")})
    project = await city.project(roll.compound_id)
    consultation = (await city.open(roll.compound_id, "plan", project))["id"]
    path = f"/v1/compounds/{other.compound_id}"
    body = {"compound_ids": [str(roll.compound_id)], "name": "合并小区", "document": "d", "reason": "r"}

    async def merge() -> tuple[int, str | None]:
        version = (await city.city.get(path)).headers["etag"]
        answer = await city.city.post(f"{path}/merge", json=body, headers={"If-Match": version})
        return answer.status_code, answer.json().get("type")

    assert await merge() == (409, "/problems/compound-consulted")
    assert (await city.community.get(f"/v1/compounds/{roll.compound_id}")).json()["closed_at"] is None
    assert (await city.act(consultation, "close", {"reason": "小区合并"})).status_code == 200
    asked = await city.community.post("/v1/lift-requests", json={"property_id": str(roll.properties[0])})
    assert await merge() == (409, "/problems/compound-consulted")
    begun = await city.community.post(f"/v1/lift-requests/{asked.json()['id']}/start", headers={"If-Match": '"1"'})
    assert (await city.act(begun.json()["consultation_id"], "close", {"reason": "小区合并"})).status_code == 200
    assert (await merge())[0] == 201
