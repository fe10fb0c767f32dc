"""Public calculators over HTTP: the golden vectors, the figures they answer with, and refusals that name the place."""

import asyncio
import json
import resource
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from services.api.calculators.turns import AT_ONCE, MOST_WAITING, turns_of_this_process

ROOT = Path(__file__).parents[3]
GOLDEN = {
    name: json.loads((ROOT / "tests" / "golden" / f"{name}.json").read_text(encoding="utf-8"))
    for name in ("votes", "apportion", "allocation", "deadlines")
}
CITIES = ROOT / "services" / "core" / "policy" / "cities"
VOTE = {name: GOLDEN["votes"][0][name] for name in ("thresholds", "roll", "ballots")}
DEADLINE = {"from": "2026-09-29", "days": 4, "unit": "calendar"}
ALLOCATION = {name: GOLDEN["allocation"][0][name] for name in ("total", "weights", "regions")}
APPORTION = {name: GOLDEN["apportion"][0][name] for name in ("amount", "properties")}


def rubric() -> dict[str, Any]:
    policy: dict[str, Any] = yaml.safe_load((CITIES / "ningbo.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = policy["rubric"]
    return found


def scored(facts: dict[str, Any]) -> dict[str, Any]:
    return {"rubric": rubric(), "projects": [{"no": "1", "facts": facts}]}


async def calculate(api: httpx.AsyncClient, calculator: str, body: object) -> Any:
    answer = await api.post(f"/public/calculators/{calculator}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(api: httpx.AsyncClient, calculator: str, body: object) -> list[str]:
    """The places that a refusal names."""
    answer = await api.post(f"/public/calculators/{calculator}", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [place["pointer"] for place in answer.json()["errors"]]


@pytest.mark.parametrize("vector", GOLDEN["votes"], ids=lambda vector: vector["name"])
async def test_golden_votes(api: httpx.AsyncClient, vector: dict[str, Any]) -> None:
    body = {name: vector[name] for name in ("thresholds", "roll", "ballots")}
    answer = await calculate(api, "vote", body)
    assert {name: answer[name] for name in vector["expect"]} == vector["expect"]


@pytest.mark.parametrize("vector", GOLDEN["deadlines"], ids=lambda vector: f"{vector['from']}+{vector['days']}")
async def test_golden_deadlines(api: httpx.AsyncClient, vector: dict[str, Any]) -> None:
    body = {name: vector[name] for name in ("from", "days", "unit", "roll")}
    answer = await calculate(api, "deadline", body)
    assert (answer["due"], answer["provisional"]) == (vector["due"], False)


@pytest.mark.parametrize("vector", GOLDEN["allocation"], ids=lambda vector: f"{len(vector['weights'])} factors")
async def test_golden_allocations(api: httpx.AsyncClient, vector: dict[str, Any]) -> None:
    answer = await calculate(api, "allocation", {name: vector[name] for name in ("total", "weights", "regions")})
    assert [share["amount"] for share in answer["shares"]] == vector["shares"]
    assert [share["name"] for share in answer["shares"]] == [region["name"] for region in vector["regions"]]


@pytest.mark.parametrize("vector", GOLDEN["apportion"], ids=lambda vector: vector["amount"])
async def test_golden_apportionments(api: httpx.AsyncClient, vector: dict[str, Any]) -> None:
    answer = await calculate(api, "apportion", {name: vector[name] for name in ("amount", "properties")})
    assert [share["amount"] for share in answer["shares"]] == vector["shares"]
    assert [share["id"] for share in answer["shares"]] == [one["id"] for one in vector["properties"]]


async def test_a_vote_answers_with_the_figures_it_used(api: httpx.AsyncClient) -> None:
    answer = await calculate(api, "vote", {**VOTE, "ballots": VOTE["ballots"][:5]})
    assert answer["thresholds"]["quorum"] == {"heads": "2/3", "area": "2/3"}
    assert answer["thresholds"]["approval"] == {"heads": "0.75", "area": "0.75", "strict": False}
    assert answer["missing"] == {"quorum": {"heads": 1, "area": "80"}, "approval": {"heads": 0, "area": "0"}}


async def test_a_deadline_answers_with_what_it_skipped_and_by_which_calendar(api: httpx.AsyncClient) -> None:
    answer = await calculate(api, "deadline", {**DEADLINE, "pauses": [{"from": "2026-09-30", "to": "2026-10-01"}]})
    assert answer == {
        **DEADLINE,
        "roll": True,
        "pauses": [{"from": "2026-09-30", "to": "2026-10-01"}],
        "due": "2026-10-08",
        "provisional": False,
        "skipped": ["2026-09-30", "2026-10-04", "2026-10-05", "2026-10-06", "2026-10-07"],
        "calendar": {"confirmed_from": "2004-01-01", "confirmed_until": "2026-12-31"},
    }


async def test_a_deadline_past_the_announced_holidays_is_provisional(api: httpx.AsyncClient) -> None:
    answer = await calculate(api, "deadline", {"from": "2026-12-30", "days": 5, "unit": "workday"})
    assert (answer["due"], answer["provisional"]) == ("2027-01-06", True)


async def test_an_allocation_by_a_dated_formula_says_which(api: httpx.AsyncClient) -> None:
    body = {"total": "10000000", "formula": "2019-31-performance", "regions": ALLOCATION["regions"]}
    answer = await calculate(api, "allocation", body)
    assert answer["formula"]["source"] == "财综〔2019〕31号"
    assert answer["weights"] == GOLDEN["allocation"][1]["weights"]
    assert [share["amount"] for share in answer["shares"]] == GOLDEN["allocation"][1]["shares"]


async def test_scores_rank_with_points_figures_and_what_is_missing(api: httpx.AsyncClient) -> None:
    facts = {
        "facilities.basic.defect_share": "2/3",
        "compound.hazards": 3,
        "compound.built_year": "1980",
        "governance.committee": True,
        "governance.party_organisation": "false",
        "project.budget": None,
    }
    projects = [{"no": "B", "facts": {}}, {"no": "C", "facts": facts}, {"no": "A", "facts": {}}]
    answer = await calculate(api, "score", {"rubric": rubric(), "projects": projects})
    assert [(one["no"], one["rank"], one["total"]) for one in answer["ranking"]] == [
        ("C", 1, "32.3333"),
        ("A", 2, "0"),
        ("B", 3, "0"),
    ]
    first = answer["ranking"][0]
    earned = {name: points for name, points in first["points"].items() if points != "0"}
    assert earned == {"basic": "13.3333", "hazards": "6", "built": "5", "committee": "8"}
    assert first["dimensions"] == {"shortfall": "24.3333", "participation": "0", "management": "8"}
    assert (first["figures"]["basic"], first["figures"]["party"], first["figures"]["mode"]) == ("2/3", "false", None)
    assert "governance.management_mode_agreed" in first["missing"]
    assert "governance.party_organisation" not in first["missing"]
    assert answer["scale"] == "100"


async def test_the_order_of_projects_never_matters(api: httpx.AsyncClient) -> None:
    projects = [{"no": str(number), "facts": {"compound.hazards": number % 7}} for number in range(50)]
    one_way = await calculate(api, "score", {"rubric": rubric(), "projects": projects})
    assert await calculate(api, "score", {"rubric": rubric(), "projects": projects[::-1]}) == one_way


REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    ("vote", {**VOTE, "ballots": [{"owner": "nobody", "choice": "approve"}]}, "/ballots/0/owner"),
    ("vote", {**VOTE, "ballots": [VOTE["ballots"][0], VOTE["ballots"][0]]}, "/ballots/1/owner"),
    ("vote", {**VOTE, "ballots": [{"owner": "o1", "choice": "yes"}]}, "/ballots/0/choice"),
    ("vote", {**VOTE, "roll": [VOTE["roll"][0], VOTE["roll"][0]]}, "/roll/1/owner"),
    ("vote", {**VOTE, "roll": [{"owner": "a", "properties": []}]}, "/roll/0/properties"),
    ("vote", {**VOTE, "roll": [{"owner": "a", "properties": [{"id": "p", "area": 80.5}]}]}, "/roll/0/properties/0/area"),
    ("vote", {**VOTE, "roll": [{"owner": "a\u0000", "properties": [{"id": "p", "area": "1"}]}]}, "/roll/0/owner"),
    ("vote", {**VOTE, "thresholds": {**VOTE["thresholds"], "quorum": {"heads": "4/3", "area": "1"}}}, "/thresholds/quorum/heads"),
    ("vote", {**VOTE, "silence": "approve"}, "/silence"),
    ("deadline", {**DEADLINE, "from": "2026-02-30"}, "/from"),
    ("deadline", {**DEADLINE, "from": 1790000000}, "/from"),
    ("deadline", {**DEADLINE, "from": "1999-01-01"}, "/from"),
    ("deadline", {**DEADLINE, "days": -1}, "/days"),
    ("deadline", {**DEADLINE, "days": 3661}, "/days"),
    ("deadline", {**DEADLINE, "days": "4"}, "/days"),
    ("deadline", {**DEADLINE, "unit": "week"}, "/unit"),
    ("deadline", {**DEADLINE, "pauses": [{"from": "2026-10-02", "to": "2026-10-01"}]}, "/pauses/0/to"),
    ("deadline", {**DEADLINE, "pauses": [{"from": "2026-10-02", "to": "2026-10-02"}] * 101}, "/pauses"),
    ("deadline", {"days": 4, "unit": "calendar"}, "/from"),
    ("allocation", {**ALLOCATION, "weights": {"area": "0.5"}}, "/weights"),
    ("allocation", {**ALLOCATION, "weights": {"lifts": "1"}}, "/regions/0/factors/lifts"),
    ("allocation", {**ALLOCATION, "formula": "2019-31"}, ""),
    ("allocation", {"total": "1", "formula": "1999-1", "regions": ALLOCATION["regions"]}, "/formula"),
    ("allocation", {**ALLOCATION, "total": "0.001"}, "/total"),
    (
        "allocation",
        {"total": "1", "weights": {"area": "1"}, "regions": [{"name": "a", "coefficient": "1", "factors": {"area": "0"}}]},
        "/weights/area",
    ),
    ("apportion", {**APPORTION, "amount": 100.5}, "/amount"),
    ("apportion", {**APPORTION, "properties": []}, "/properties"),
    ("apportion", {**APPORTION, "properties": [{"id": "a", "area": "0"}]}, "/properties"),
    ("apportion", {**APPORTION, "properties": [{"id": "a", "area": "1"}] * 2}, "/properties/1/id"),
    ("score", scored({"no.such": 1}), "/projects/0/facts/no.such"),
    ("score", scored({"compound.hazards": 1.5}), "/projects/0/facts/compound.hazards"),
    ("score", scored({"compound.hazards": "many"}), "/projects/0/facts/compound.hazards"),
    ("score", {"rubric": rubric(), "projects": [{"no": "1", "facts": {}}] * 2}, "/projects/1/no"),
    ("score", {"rubric": {**rubric(), "scale": "99"}, "projects": []}, "/rubric"),
    ("score", {"rubric": rubric(), "projects": [{"no": "1", "facts": {}}] * 5001}, "/projects"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("calculator", "body", "pointer"), REFUSALS, ids=lambda value: value if isinstance(value, str) else ""
)
async def test_what_is_wrong_is_named(
    api: httpx.AsyncClient, calculator: str, body: dict[str, Any], pointer: str
) -> None:
    assert await refused(api, calculator, body) == [pointer]


async def test_a_curve_that_lacks_a_part_is_named_without_its_kind(api: httpx.AsyncClient) -> None:
    broken = rubric()
    del broken["dimensions"][0]["indicators"][0]["curve"]["from"]
    assert await refused(api, "score", {"rubric": broken, "projects": []}) == [
        "/rubric/dimensions/0/indicators/0/curve/from"
    ]


async def test_the_input_is_never_repeated_and_both_languages_are_spoken(api: httpx.AsyncClient) -> None:
    body = {**VOTE, "ballots": [{"owner": "张三的身份", "choice": "approve"}]}
    chinese = await api.post("/public/calculators/vote", json=body)
    english = await api.post("/public/calculators/vote", json=body, headers={"Accept-Language": "en"})
    assert chinese.json()["errors"][0]["detail"] == "不在业主名册上"
    assert english.json()["errors"][0]["detail"] == "is not on the roll"
    assert "张三" not in chinese.text + english.text


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"a": "\\ud800"}'])
async def test_what_is_no_json_is_malformed(api: httpx.AsyncClient, content: bytes) -> None:
    answer = await api.post("/public/calculators/vote", content=content)
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/request-malformed"


async def test_a_body_that_is_no_object_is_refused(api: httpx.AsyncClient) -> None:
    assert await refused(api, "deadline", []) == [""]


async def test_too_many_indicators_times_projects_are_refused(api: httpx.AsyncClient) -> None:
    indicator = {"title": "t", "fact": "compound.hazards", "points": "1", "curve": {"kind": "count", "each": "1"}}
    many = [{**indicator, "id": f"i{number}"} for number in range(100)]
    wide = {"scale": "100", "dimensions": [{"id": "d", "title": "t", "indicators": many}]}
    projects = [{"no": str(number), "facts": {}} for number in range(2501)]
    assert await refused(api, "score", {"rubric": wide, "projects": projects}) == [""]


def banded(indicators: int, projects: int) -> dict[str, Any]:
    curve = {
        "kind": "bands",
        "bands": [{"at_least": str(1000 - number), "points": "1"} for number in range(100)],
        "else": "0",
    }
    indicator = {"title": "t", "fact": "compound.hazards", "points": "1", "curve": curve}
    named = [{**indicator, "id": f"i{number}"} for number in range(indicators)]
    wide = {"scale": str(indicators), "dimensions": [{"id": "d", "title": "t", "indicators": named}]}
    facts = {"compound.hazards": 1}
    return {"rubric": wide, "projects": [{"no": str(number), "facts": facts} for number in range(projects)]}


async def test_bands_count_in_what_a_ranking_may_take(api: httpx.AsyncClient) -> None:
    assert len((await calculate(api, "score", banded(10, 583)))["ranking"]) == 583
    assert await refused(api, "score", banded(10, 584)) == [""]


async def test_too_many_regions_times_factors_are_refused(api: httpx.AsyncClient) -> None:
    weights = {f"f{number}": "0.05" for number in range(20)}
    region = {"name": "a", "coefficient": "1", "factors": {"f0": "1"}}
    body = {"total": "1", "weights": weights, "regions": [region] * 1501}
    assert await refused(api, "allocation", body) == [""]


def filled(start: str, item: str, end: str) -> str:
    """A body just under the limit of a request: as many items as it holds."""
    return start + item * ((1_048_000 - len(start) - len(end)) // len(item)) + item.rstrip(",") + end


FLOODS = [
    ("apportion", filled('{"amount": "1", "properties": [', "0,", "]}"), "/properties/0"),
    ("vote", filled('{"roll": [', "0,", "]}"), "/roll/0"),
    ("vote", filled('{"ballots": [', "{},", "]}"), "/ballots/0/owner"),
    ("vote", filled('{"roll": [{"owner": "a", "properties": [', "0,", "]}]}"), "/roll/0/properties/0"),
    ("deadline", filled('{"pauses": [', "0,", "]}"), "/pauses/0"),
    ("allocation", filled('{"regions": [', "0,", "]}"), "/regions/0"),
    ("score", filled('{"projects": [', "0,", "]}"), "/projects/0"),
    ("score", filled('{"projects": [], "rubric": {"dimensions": [', "0,", "]}}"), "/rubric"),
    ("score", filled('{"projects": [{"facts": {', '"": [],', "}}]}"), ""),
    ("deadline", filled("{", '"":0,', "}"), ""),
    ("deadline", "{" + ",".join(f'"{number}": 0' for number in range(90_000)) + "}", ""),
]


@pytest.mark.parametrize(("calculator", "content", "pointer"), FLOODS, ids=range(len(FLOODS)))
async def test_a_body_wrong_throughout_costs_little(
    api: httpx.AsyncClient, calculator: str, content: str, pointer: str
) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = await api.post(f"/public/calculators/{calculator}", content=content)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 200_000, "KiB more than ever before"
    assert answer.status_code == 422, answer.text
    places = [place["pointer"] for place in answer.json()["errors"]]
    assert pointer in places
    assert len(places) <= 50


async def test_a_number_too_long_to_read_is_refused(api: httpx.AsyncClient) -> None:
    content = '{"days": ' + "1" * 5_000 + "}"
    assert (await api.post("/public/calculators/deadline", content=content)).status_code in {400, 422}


async def test_few_compute_at_once_and_few_wait(api: httpx.AsyncClient) -> None:
    turns, holders = turns_of_this_process(), [object() for _ in range(AT_ONCE)]
    for holder in holders:
        await turns.acquire_on_behalf_of(holder)
    waiting = [
        asyncio.create_task(api.post("/public/calculators/deadline", json=DEADLINE)) for _ in range(MOST_WAITING)
    ]
    async with asyncio.timeout(20):
        while turns.statistics().tasks_waiting < MOST_WAITING:  # noqa: ASYNC110 - a limiter tells nobody who waits
            await asyncio.sleep(0.01)
    over = await api.post("/public/calculators/deadline", json=DEADLINE)
    assert (over.status_code, over.json()["type"]) == (503, "/problems/temporarily-unavailable")
    assert over.headers["retry-after"] == "1"
    for holder in holders:
        turns.release_on_behalf_of(holder)
    assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}
    assert turns.borrowed_tokens == 0


async def test_a_large_roll_keeps_nobody_waiting(api: httpx.AsyncClient) -> None:
    content = json.dumps(
        {"amount": "12345.67", "properties": [{"id": str(number), "area": "83.5"} for number in range(30_000)]}
    )
    large = asyncio.create_task(api.post("/public/calculators/apportion", content=content))
    waits = []
    while not large.done():
        started = time.perf_counter()
        await asyncio.sleep(0.002)
        waits.append(time.perf_counter() - started)
    answer = (await large).json()
    assert len(answer["shares"]) == 30_000
    assert sum(Decimal(share["amount"]) for share in answer["shares"]) == Decimal("12345.67")
    assert len(waits) > 10, "the loop ran beside the calculation"


async def test_the_document_describes_the_bodies(api: httpx.AsyncClient) -> None:
    paths = (await api.get("/openapi.json")).json()["paths"]
    for calculator in ("vote", "deadline", "score", "allocation", "apportion"):
        operation = paths[f"/public/calculators/{calculator}"]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema["required"]
        assert schema["additionalProperties"] is False
        assert "#/$defs/" not in json.dumps(schema)
