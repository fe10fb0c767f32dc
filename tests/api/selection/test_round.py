"""A whole round on two small counties: frozen, computed by the worker's task, explained, published, verified."""

import json
from datetime import date

import httpx

from services.cli.verify import verify
from services.core.facts.rules import Kind
from services.core.kit.calendar import Unit, WorkCalendar, deadline
from tests.api.selection.world import STOCK, VOTED, World, plan_of


async def test_a_round_from_draft_to_publication(world: World, api: httpx.AsyncClient) -> None:
    north, south = world.streets
    worst = await world.project(north, title="危房多", stock={**STOCK, "compound.hazards": "5"})
    better = await world.project(north, title="隐患少", stock={**STOCK, "compound.hazards": "1"})
    await world.project(north, title="投资大", stock={**STOCK, "compound.hazards": "4"}, plan=plan_of("900000"))
    await world.project(north, title="未表决", attested={"vote.menu.passed": "true"})
    elsewhere = await world.project(south, title="另一县")
    drafted = await world.project(south, title="未申报", apply=False)

    caps = [{"partition": str(world.counties[0].id), "budget": "801000"}, {"count": 1}]
    found = await world.round(caps=caps, reserve=1)
    assert found["status"] == "draft"
    assert found["caps"][0] == {"partition": str(world.counties[0].id), "budget": "801000"}
    frozen = await world.freeze(found["id"])
    assert (frozen["number"], frozen["candidates"]) == (1, 5)
    run = await world.run(found["id"])
    assert (run["state"], run["progress"], run["rules_version"]) == ("done", 100, 1)

    ranking = await world.ranking(run["id"])
    assert [
        (one["title"], one["rank"], one["outcome"]) for one in ranking if one["partition"] == str(world.counties[0].id)
    ] == [
        ("危房多", 1, "in"),
        ("投资大", 2, "reserve"),
        ("隐患少", 3, "in"),
        ("未表决", None, "not_ranked"),
    ]
    assert [
        (one["title"], one["rank"], one["outcome"]) for one in ranking if one["partition"] == str(world.counties[1].id)
    ] == [("另一县", 1, "in")]
    assert drafted["no"] not in {one["no"] for one in ranking}
    by_title = {one["title"]: one for one in ranking}
    assert "801000" in by_title["投资大"]["sentence_zh"]
    assert "方案二次表决" in by_title["未表决"]["sentence_zh"]
    assert by_title["未表决"]["reason"]["failed_gates"] == ["plan_vote"]
    assert elsewhere["no"] == by_title["另一县"]["no"]
    assert [one["title"] for one in await world.ranking(run["id"], outcome="reserve")] == ["投资大"]

    detail = (await world.city.get(f"/v1/runs/{run['id']}/projects/{worst['id']}")).json()
    hazards = next(one for one in detail["indicators"] if one["indicator"] == "hazards")
    assert (hazards["value"], hazards["points"], hazards["title"]) == ("5", "10", "安全隐患")
    assert hazards["source"]["sources"][0]["source"] == "普查"
    assert hazards["source"]["sources"][0]["recorded_at"]
    paying = next(one for one in detail["indicators"] if one["indicator"] == "paying")
    assert paying["source"]["sources"][0]["rows"][0]["plan_version"] == 1
    assert (await world.city.get(f"/v1/runs/{run['id']}/projects/{drafted['id']}")).status_code == 404

    published = await world.city.post(f"/v1/runs/{run['id']}/publish")
    assert published.status_code == 201, published.text
    due = deadline(
        WorkCalendar.default(),
        start=date.fromisoformat(published.json()["published_at"][:10]),
        days=5,
        unit=Unit.WORKDAY,
    )
    assert (
        abs((date.fromisoformat(published.json()["notice_until"]) - due.due).days) <= 1
    )  # UTC and Shanghai may differ by a day
    shown = await api.get(published.headers["location"])
    assert shown.status_code == 200
    assert shown.headers["etag"] == published.json()["etag"]
    assert [one["no"] for one in shown.json()["results"]] == [one["no"] for one in ranking]
    assert shown.json()["policy"]["illustrative"] is True
    assert shown.json()["results"][0]["compounds"] == ["南岳新村"]
    again = await api.get(published.headers["location"], headers={"If-None-Match": shown.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", shown.headers["etag"])
    weak = await api.get(published.headers["location"], headers={"If-None-Match": f'"x", W/{shown.headers["etag"]}'})
    assert weak.status_code == 304
    head = await api.head(published.headers["location"])
    assert (head.status_code, head.headers["etag"]) == (200, shown.headers["etag"])
    upper = published.headers["location"].replace(found["id"], found["id"].upper())
    assert (await api.get(upper)).status_code == 404, "one spelling each, so that nobody fills what is kept with copies"
    listed = (await api.get("/public/rounds", params={"region": str(world.root.id)})).json()["items"]
    assert [one["round_id"] for one in listed] == [found["id"]]
    assert (await world.city.get(f"/v1/rounds/{found['id']}/publications")).json()["items"][0]["run_id"] == run["id"]
    assert better["no"] in json.dumps(shown.json())


async def test_the_bundle_verifies_and_a_changed_one_does_not(world: World) -> None:
    for hazards in ("1", "2", "2", "4"):
        await world.project(world.streets[0], stock={**STOCK, "compound.hazards": hazards})
    found = await world.round(caps=[{"count": 2}], reserve=1)
    await world.freeze(found["id"])
    first, second = await world.run(found["id"]), await world.run(found["id"])
    assert first["digest"] == second["digest"]
    bundles = [(await world.city.get(f"/v1/runs/{run['id']}/bundle")).content for run in (first, second)]
    assert bundles[0] == bundles[1]
    lines = bundles[0].splitlines(keepends=True)
    assert list(verify(lines)) == []
    assert json.loads(lines[-1])["digests"]["hash"] == first["digest"]
    assert [next(iter(json.loads(line))) for line in lines[2:-1]] == ["candidate"] * 4 + ["result"] * 4
    for place, was, now in (
        (6, b'"hazards":"8"', b'"hazards":"9"'),
        (6, b'"rank":1', b'"rank":2'),
        (2, b'"1985"', b'"1986"'),
    ):
        assert was in lines[place]
        assert list(verify([*lines[:place], lines[place].replace(was, now), *lines[place + 1 :]])) != []
    async with world.database.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE run SET rules_version = 0 WHERE id = '{first['id']}'")
    older = (await world.city.get(f"/v1/runs/{first['id']}/bundle")).content.splitlines()
    assert json.loads(older[1])["inputs"]["rules_version"] == 0, "those that it was computed by, not today's"


async def test_a_round_may_be_frozen_again_and_only_its_newest_run_is_published(world: World) -> None:
    compound = await world.compound(world.streets[0])
    await world.project(world.streets[0], compounds=[compound])
    found = await world.round()
    await world.freeze(found["id"])
    old = await world.run(found["id"])
    await world.record("compound", compound, world.streets[0], {"compound.hazards": "5"})
    again = await world.freeze(found["id"])
    assert again["number"] == 2
    refused = await world.city.post(f"/v1/runs/{old['id']}/publish")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/run-outdated")
    new = await world.run(found["id"])
    assert new["digest"] != old["digest"]
    assert (await world.ranking(old["id"]))[0]["total"] != (await world.ranking(new["id"]))[0]["total"]
    assert (await world.city.post(f"/v1/runs/{new['id']}/publish")).status_code == 201
    for path in (f"/v1/rounds/{found['id']}/runs", f"/v1/runs/{new['id']}/publish"):
        late = await world.city.post(path)
        assert (late.status_code, late.json()["type"]) == (409, "/problems/round-published")
    version = (await world.city.get(f"/v1/rounds/{found['id']}")).headers["etag"]
    frozen = await world.city.post(f"/v1/rounds/{found['id']}/freeze", headers={"If-Match": version})
    assert frozen.json()["type"] == "/problems/round-published"


async def test_freezing_the_same_facts_twice_gives_the_same_digest(world: World) -> None:
    await world.project(world.streets[0])
    found = await world.round()
    assert (await world.freeze(found["id"]))["digest"] == (await world.freeze(found["id"]))["digest"]


async def test_a_conflict_holds_the_project_back_until_a_person_decides(world: World) -> None:
    compound = await world.compound(world.streets[0])
    project = await world.project(world.streets[0], compounds=[compound])
    await world.record("compound", compound, world.streets[0], {"compound.built_year": "1999"}, source="房管局")
    found = await world.round()
    await world.freeze(found["id"])
    held = (await world.ranking((await world.run(found["id"]))["id"]))[0]
    assert (held["outcome"], held["rank"], held["reason"]["conflicts"]) == ("not_ranked", None, ["compound.built_year"])
    assert "建成年代" in held["sentence_zh"]
    detail = (await world.city.get(f"/v1/projects/{project['id']}/facts")).json()
    assert {one["source"] for one in detail["conflicts"][0]["figures"]} == {"普查", "房管局"}
    assert detail["facts"].get("compound.built_year", {}).get("value") is None


async def test_a_conflict_of_the_project_itself_is_adjudicated(world: World) -> None:
    project = await world.project(world.streets[0])
    said = {"key": "survey.response_share", "source": "区局", "document": "d"}
    for source, value in (("区局", "0.9"), ("街道", "0.8")):
        stated = {"facts": [{**said, "source": source, "value": value}]}
        assert (await world.city.post(f"/v1/projects/{project['id']}/facts", json=stated)).status_code == 201
    conflict = (await world.city.get(f"/v1/projects/{project['id']}/facts")).json()["conflicts"][0]
    chosen = next(one for one in conflict["figures"] if one["source"] == "街道")
    body = {"key": "survey.response_share", "fact_id": chosen["fact_id"], "reason": "以街道核实为准"}
    decided = await world.district.post(f"/v1/projects/{project['id']}/adjudicate", json=body)
    assert (decided.status_code, decided.json()["value"]) == (200, "0.8")
    known = (await world.city.get(f"/v1/projects/{project['id']}/facts")).json()
    assert known["conflicts"] == []
    assert known["facts"]["survey.response_share"]["value"] == "0.8"


async def test_a_soft_gate_is_passed_with_an_exception_only(world: World) -> None:
    project = await world.project(world.streets[0], attested={**VOTED, "survey.join.agree_of_all_share": "3/5"})
    assert (
        await world.city.post(f"/v1/regions/{world.root.id}/policy", json={"policy_id": "fenggang", "number": 1})
    ).status_code == 201
    gates = (await world.city.get(f"/v1/projects/{project['id']}/gates")).json()
    assert [(one["id"], one["met"], one["passed"], one["hard"]) for one in gates["gates"]] == [
        ("willing", False, False, False)
    ]
    assert "2/3" in gates["gates"][0]["missing"]["zh"]
    found = await world.round(policy_id=None)
    assert found["policy_id"] == "fenggang"
    await world.freeze(found["id"])
    assert (await world.ranking((await world.run(found["id"]))["id"]))[0]["outcome"] == "not_ranked"

    body = {"reason": "低保户较多，已逐户走访", "document": "凤府办函〔2020〕38号"}
    path = f"/v1/projects/{project['id']}/gates/willing/except"
    assert (await world.street.post(path, json=body)).status_code == 403
    assert (await world.other_district.post(path, json=body)).status_code == 404
    assert (await world.district.post(path, json={"reason": "x"})).status_code == 422
    assert (await world.district.post(path, json=body)).status_code == 201
    twice = await world.district.post(path, json=body)
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/gate-exception-exists")
    gate = (await world.city.get(f"/v1/projects/{project['id']}/gates")).json()["gates"][0]
    assert (gate["met"], gate["passed"], gate["exception"]["document"]) == (False, True, body["document"])
    await world.freeze(found["id"])
    passed = (await world.ranking((await world.run(found["id"]))["id"]))[0]
    assert (passed["outcome"], passed["rank"], passed["reason"]["excepted_gates"]) == ("in", 1, ["willing"])


async def test_a_synthetic_figure_is_marked_in_public(world: World, api: httpx.AsyncClient) -> None:
    compound = await world.compound(
        world.streets[0], {key: value for key, value in STOCK.items() if "hazards" not in key}
    )
    await world.record("compound", compound, world.streets[0], {"compound.hazards": "2"}, kind=Kind.SYNTHETIC)
    await world.project(world.streets[0], compounds=[compound])
    found = await world.round()
    await world.freeze(found["id"])
    run = await world.run(found["id"])
    published = await world.city.post(f"/v1/runs/{run['id']}/publish")
    shown = (await api.get(published.headers["location"])).json()
    assert [one["fact"] for one in shown["results"][0]["synthetic"]] == ["compound.hazards"]
    assert "objections" in shown["notice"]["how_to_object"]["en"]
