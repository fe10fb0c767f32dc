"""Facts about a compound: stated, repeated, superseded, refused; what holds; who decides."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.core.facts.catalogue import CATALOGUE
from services.core.facts.queries import effective
from services.core.facts.rules import Kind
from services.core.facts.service import NewFact, push
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from tests.support.people import ADD_GRANT, Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]

HOUSEHOLDS = {"key": "compound.households", "value": "120", "source": "街道办", "document": "2026年摸底表"}


class Compound:
    """A compound of a test, and somebody of its district."""

    def __init__(self, client: Client, county: Region, compound_id: str) -> None:
        self.client, self.county, self.id = client, county, compound_id
        self.at = f"/v1/compounds/{compound_id}"

    async def say(
        self, *facts: dict[str, Any], by: httpx.AsyncClient | None = None, idempotency: str | None = None
    ) -> httpx.Response:
        headers = {"Idempotency-Key": idempotency} if idempotency else {}
        return await (by or self.client).post(f"{self.at}/facts", json={"facts": list(facts)}, headers=headers)

    async def holding(self, key: str) -> dict[str, Any]:
        facts = (await self.client.get(self.at)).json()["facts"]
        return next(fact for fact in facts if fact["key"] == key)

    async def listed(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.client.get(f"{self.at}/facts", params=query)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def decide(self, key: str, fact_id: str, by: httpx.AsyncClient | None = None) -> httpx.Response:
        body = {"key": key, "fact_id": fact_id, "reason": "以现场核实为准", "document": "核实单3号"}
        return await (by or self.client).post(f"{self.at}/adjudicate", json=body)


@pytest.fixture
async def compound(region: MakeRegion, staff: MakeStaff) -> Compound:
    county = await region("county")
    client = await staff("district", county)
    made = await client.post("/v1/compounds", json={"region_id": str(county.id), "name": "南岳新村"})
    return Compound(client, county, made.json()["id"])


async def events(database: Database, subject_id: str) -> list[dict[str, Any]]:
    async with database.read() as connection:
        rows = await connection.fetch(
            "SELECT kind, data FROM event WHERE subject_id = $1 ORDER BY id", UUID(subject_id)
        )
    return [dict(row) for row in rows if row["kind"] != "compound.registered"]


async def test_a_fact_is_stated_once_however_often_it_is_sent(compound: Compound, database: Database) -> None:
    first = await compound.say(HOUSEHOLDS)
    assert first.status_code == 201, first.text
    fact = first.json()["facts"][0]
    assert (fact["value"], fact["kind"], fact["changed"]) == ("120", "attested", True)
    again = await compound.say(HOUSEHOLDS | {"value": "120.0"})
    assert again.json()["facts"][0] == fact | {"changed": False}, "the same figure written otherwise is the same figure"
    assert len(await compound.listed(history="true")) == 1
    told = await events(database, compound.id)
    assert [event["kind"] for event in told] == ["fact.pushed"]
    assert told[0]["data"] == {"keys": ["compound.households"], "fact_ids": [fact["fact_id"]]}


async def test_a_new_figure_supersedes_its_sources_former_one(compound: Compound) -> None:
    await compound.say(HOUSEHOLDS)
    await compound.say(HOUSEHOLDS | {"value": "121", "observed_on": "2026-11-20"})
    assert [fact["value"] for fact in await compound.listed()] == ["121"]
    history = await compound.listed(history="true", key="compound.households")
    assert [fact["value"] for fact in history] == ["120", "121"]
    assert history[0]["superseded_at"] == history[1]["recorded_at"]
    assert history[1]["superseded_at"] is None
    holding = await compound.holding("compound.households")
    assert (holding["value"], holding["observed_on"], holding["document"]) == ("121", "2026-11-20", "2026年摸底表")


async def test_all_facts_of_a_request_or_none(compound: Compound) -> None:
    answer = await compound.say(
        HOUSEHOLDS,
        HOUSEHOLDS | {"key": "compound.built_year", "value": "19855"},
        HOUSEHOLDS | {"key": "compound.moon", "value": "1"},
        HOUSEHOLDS | {"key": "project.budget", "value": "1"},
        HOUSEHOLDS,
    )
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [
        "/facts/1/value",
        "/facts/2/key",
        "/facts/3/key",
        "/facts/4",
    ]
    assert "19855" not in answer.text
    assert await compound.listed() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "counted"},
        {"value": 120},
        {"value": 120.5},
        {"value": "１２０"},
        {"value": "-1"},
        {"value": ""},
        {"source": "街道\x00办"},
        {"source": " "},
        {"observed_on": "昨天"},
        {"fact_id": "x"},
    ],
)
async def test_what_is_no_statement_is_refused(compound: Compound, wrong: dict[str, Any]) -> None:
    answer = await compound.say(HOUSEHOLDS | wrong)
    assert answer.status_code == 422, answer.text
    assert await compound.listed() == []


async def test_only_inside_the_scope_and_with_the_permission(
    compound: Compound, region: MakeRegion, staff: MakeStaff
) -> None:
    foreign = await staff("city", await region("county"))
    assert (await compound.say(HOUSEHOLDS, by=foreign)).status_code == 404
    assert (await compound.decide("compound.households", str(uuid4()), by=foreign)).status_code == 404
    expert = await staff("expert", compound.county)
    assert (await compound.say(HOUSEHOLDS, by=expert)).status_code == 403
    community = await staff("community", compound.county)
    assert (await compound.say(HOUSEHOLDS, by=community)).status_code == 201
    assert (await compound.decide("compound.households", str(uuid4()), by=community)).status_code == 403
    nowhere = await compound.client.post(f"/v1/compounds/{uuid4()}/facts", json={"facts": [HOUSEHOLDS]})
    assert nowhere.status_code == 404


async def test_fifty_at_once_leave_one_current_row(compound: Compound, database: Database) -> None:
    answers = await asyncio.gather(*(compound.say(HOUSEHOLDS) for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {201: 50}
    assert len({answer.json()["facts"][0]["fact_id"] for answer in answers}) == 1
    assert sum(answer.json()["facts"][0]["changed"] for answer in answers) == 1
    assert len(await compound.listed(history="true")) == 1
    assert len(await events(database, compound.id)) == 1


async def test_fifty_different_figures_of_one_source_are_a_chain(compound: Compound) -> None:
    answers = await asyncio.gather(*(compound.say(HOUSEHOLDS | {"value": str(n)}) for n in range(50)))
    assert Counter(answer.status_code for answer in answers) == {201: 50}
    history = await compound.listed(history="true", limit=100)
    assert len(history) == 50
    assert [fact["superseded_at"] for fact in history].count(None) == 1


async def test_pushes_of_many_keys_in_any_order_never_lock_each_other_out(compound: Compound) -> None:
    keys = ["compound.households", "compound.buildings", "compound.parking", "compound.road", "compound.green"]

    async def push_all(number: int) -> int:
        turned = keys[number % 5 :] + keys[: number % 5]
        ordered = turned if number % 2 else turned[::-1]
        facts = [HOUSEHOLDS | {"key": key, "value": str(number)} for key in ordered]
        return (await compound.say(*facts)).status_code

    assert Counter(await asyncio.gather(*(push_all(number) for number in range(40)))) == {201: 40}
    values = {fact["key"]: fact["value"] for fact in await compound.listed()}
    assert len(values) == 5
    assert len(set(values.values())) == 1, "what was pushed together stands together"


async def test_the_same_request_under_one_key_is_answered_once(compound: Compound, database: Database) -> None:
    key = uuid4().hex
    first = await compound.say(HOUSEHOLDS, idempotency=key)
    again = await compound.say(HOUSEHOLDS, idempotency=key)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await compound.say(HOUSEHOLDS | {"value": "9"}, idempotency=key)).status_code == 422
    assert len(await events(database, compound.id)) == 1


async def test_differing_sources_hold_nothing_until_a_person_decides(compound: Compound, database: Database) -> None:
    mine = (await compound.say(HOUSEHOLDS)).json()["facts"][0]
    theirs = (await compound.say(HOUSEHOLDS | {"source": "住建局", "value": "131"})).json()["facts"][0]
    torn = await compound.holding("compound.households")
    assert (torn["value"], torn["adjudicated"]) == (None, False)
    assert {figure["fact_id"] for figure in torn["conflict"]} == {mine["fact_id"], theirs["fact_id"]}

    assert (await compound.decide("compound.households", str(uuid4()))).status_code == 422
    decided = await compound.decide("compound.households", theirs["fact_id"])
    assert decided.status_code == 201, decided.text
    holding = await compound.holding("compound.households")
    assert holding == decided.json()
    assert (holding["value"], holding["adjudicated"], holding["conflict"]) == ("131", True, [])
    assert [figure["value"] for figure in holding["replaced"]] == ["120"]
    again = await compound.decide("compound.households", mine["fact_id"])
    assert (again.status_code, again.json()["type"]) == (409, "/problems/discrepancy-not-open")
    assert [event["kind"] for event in await events(database, compound.id)][-1] == "discrepancy.adjudicated"


async def test_a_new_value_opens_the_matter_again_an_agreeing_source_does_not(compound: Compound) -> None:
    await compound.say(HOUSEHOLDS)
    chosen = (await compound.say(HOUSEHOLDS | {"source": "住建局", "value": "131"})).json()["facts"][0]
    await compound.decide("compound.households", chosen["fact_id"])
    await compound.say(HOUSEHOLDS | {"source": "文明办", "value": "131"})
    assert (await compound.holding("compound.households"))["value"] == "131"
    await compound.say(HOUSEHOLDS | {"source": "文明办", "value": "140"})
    torn = await compound.holding("compound.households")
    assert torn["value"] is None
    assert {figure["value"] for figure in torn["conflict"]} == {"120", "131", "140"}
    assert (await compound.decide("compound.households", chosen["fact_id"])).status_code == 201
    assert (await compound.holding("compound.households"))["value"] == "131"


async def test_every_decision_is_told_with_its_reason(compound: Compound) -> None:
    await compound.say(HOUSEHOLDS)
    theirs = (await compound.say(HOUSEHOLDS | {"source": "住建局", "value": "131"})).json()["facts"][0]
    at = f"/v1/compounds/{compound.id}/adjudications"
    assert (await compound.client.get(at)).json()["items"] == []
    await compound.decide("compound.households", theirs["fact_id"])
    await compound.say(HOUSEHOLDS | {"source": "文明办", "value": "140"})
    await compound.decide("compound.households", theirs["fact_id"])
    first = (await compound.client.get(at, params={"limit": 1})).json()
    second = (await compound.client.get(at, params={"cursor": first["next_cursor"]})).json()
    told = first["items"] + second["items"]
    assert [(one["key"], one["value"], one["source"]) for one in told] == [("compound.households", "131", "住建局")] * 2
    assert [one["superseded_at"] is None for one in told] == [False, True]
    assert all(one["reason"] and one["decided_by"] for one in told)


async def test_a_decision_stands_when_its_source_adds_a_document_and_falls_when_it_changes_its_mind(
    compound: Compound,
) -> None:
    await compound.say(HOUSEHOLDS)
    chosen = (await compound.say(HOUSEHOLDS | {"source": "住建局", "value": "131"})).json()["facts"][0]
    await compound.say(HOUSEHOLDS | {"source": "文明办", "value": "131"})
    await compound.decide("compound.households", chosen["fact_id"])
    await compound.say(HOUSEHOLDS | {"source": "住建局", "value": "131", "document": "住建〔2026〕9号"})
    holding = await compound.holding("compound.households")
    assert (holding["value"], holding["document"], holding["adjudicated"]) == ("131", "住建〔2026〕9号", True)
    open_now = (await compound.client.get(f"/v1/compounds/{compound.id}/discrepancies")).json()["items"]
    assert open_now == []
    await compound.say(HOUSEHOLDS | {"source": "住建局", "value": "120"})
    assert (await compound.holding("compound.households"))["value"] is None
    other = next(
        figure for figure in (await compound.holding("compound.households"))["conflict"] if figure["value"] == "131"
    )
    assert (await compound.decide("compound.households", other["fact_id"])).status_code == 201


@pytest.mark.parametrize("source", ["project.plan", "selection.panel", "普查\u200b", "\ufeff普查"])
async def test_nobody_poses_as_the_system_or_as_a_look_alike(compound: Compound, source: str) -> None:
    refused = await compound.say(HOUSEHOLDS | {"source": source})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/facts/0/source"


async def test_nothing_was_observed_tomorrow(compound: Compound) -> None:
    refused = await compound.say(HOUSEHOLDS | {"observed_on": "2999-01-01"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/facts/0/observed_on")


async def test_ten_deciding_at_once_make_one_decision(compound: Compound, database: Database) -> None:
    ids = [
        (await compound.say(HOUSEHOLDS | {"source": f"来源{n}", "value": str(n)})).json()["facts"][0]["fact_id"]
        for n in range(2)
    ]
    answers = await asyncio.gather(*(compound.decide("compound.households", ids[n % 2]) for n in range(10)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}
    async with database.read() as connection:
        live = await connection.fetchval(
            "SELECT count(*) FROM adjudication WHERE subject_id = $1 AND superseded_at IS NULL", UUID(compound.id)
        )
    assert live == 1


async def test_a_synthetic_figure_yields_to_an_attested_one(compound: Compound) -> None:
    await compound.say(HOUSEHOLDS | {"kind": "synthetic", "source": "演示数据", "value": "99", "document": None})
    assert (await compound.holding("compound.households"))["kind"] == "synthetic"
    await compound.say(HOUSEHOLDS)
    holding = await compound.holding("compound.households")
    assert (holding["value"], holding["kind"], holding["conflict"]) == ("120", "attested", [])
    assert [(figure["value"], figure["kind"]) for figure in holding["replaced"]] == [("99", "synthetic")]


async def count_households(database: Database, compound: Compound, value: str) -> int:
    fact = NewFact(
        subject_type="compound",
        subject_id=UUID(compound.id),
        region_path=compound.county.path,
        key="compound.households",
        value=value,
        kind=Kind.COUNTED,
        source="业主名册",
        source_rows=[{"roll": 1}],
        observed_on=date(2026, 11, 1),
    )
    async with database.begin(SYSTEM) as uow:
        return await push(uow, [fact])


async def test_nobody_speaks_for_a_source_that_counts(compound: Compound, database: Database) -> None:
    assert await count_households(database, compound, "118") == 1
    assert await count_households(database, compound, "118") == 0
    await compound.say(HOUSEHOLDS)
    holding = await compound.holding("compound.households")
    assert (holding["value"], holding["source_rows"], len(holding["replaced"])) == ("118", [{"roll": 1}], 1)
    forged = await compound.say(HOUSEHOLDS | {"source": "业主名册", "value": "500"})
    assert (forged.status_code, forged.json()["type"]) == (409, "/problems/fact-source-counts")
    assert (await compound.holding("compound.households"))["value"] == "118"
    assert await count_households(database, compound, "119") == 1


async def test_nobody_speaks_for_anothers_source_but_who_may_decide(
    compound: Compound, staff: MakeStaff, region: MakeRegion, database: Database
) -> None:
    one, other = await staff("community", compound.county), await staff("department", compound.county)
    theirs = HOUSEHOLDS | {"source": "住建局", "value": "131"}
    assert (await compound.say(HOUSEHOLDS, by=one)).status_code == 201
    assert (await compound.say(theirs, by=other)).status_code == 201
    conflict = (await compound.holding("compound.households"))["conflict"]
    assert len(conflict) == 2

    built = {"key": "compound.built_year", "value": "1985", "source": "档案"}
    vanished = await compound.say(built, theirs | {"value": "120"}, by=one)
    assert (vanished.status_code, vanished.json()["type"]) == (409, "/problems/fact-source-of-another")
    errors = vanished.json()["errors"]
    assert [error["pointer"] for error in errors] == ["/facts/1/source"]
    assert "compound.households" in errors[0]["detail"]
    assert (await compound.holding("compound.households"))["conflict"] == conflict
    assert len(await compound.listed(history="true")) == 2, "all facts of a request or none"

    # The same figure again is no replacement; who recorded it corrects it, and so does the district, for those who left.
    assert (await compound.say(theirs, by=one)).json()["facts"][0]["changed"] is False
    assert (await compound.say(theirs | {"value": "132"}, by=other)).status_code == 201
    assert (await compound.say(theirs | {"value": "133"})).status_code == 201
    # Who may decide elsewhere only is nobody here.
    elsewhere, county = await staff("department", compound.county), await region("county")
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(ADD_GRANT, new_id(), elsewhere.staff_id, "district", county.id, county.path, None)
    assert (await compound.say(theirs | {"value": "120"}, by=elsewhere)).status_code == 409
    assert {figure["value"] for figure in await compound.listed()} == {"120", "133"}


async def test_a_synthetic_figure_never_replaces_an_attested_one(compound: Compound) -> None:
    invented = HOUSEHOLDS | {"kind": "synthetic", "value": "99"}
    assert (await compound.say(invented)).status_code == 201
    assert (await compound.say(HOUSEHOLDS)).status_code == 201
    refused = await compound.say(invented)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/fact-source-attested")
    assert refused.json()["errors"][0]["pointer"] == "/facts/0/source"
    assert [figure["value"] for figure in await compound.listed()] == ["120"]


async def test_a_push_about_many_subjects_is_one_statement(
    region: MakeRegion, staff: MakeStaff, database: Database
) -> None:
    county = await region("county")
    subjects = [uuid4() for _ in range(300)]
    facts = [
        NewFact("project", subject, county.path, key, "0.5", Kind.COUNTED, "计票")
        for subject in subjects
        for key in ("survey.response_share", "vote.plan.approval_share")
    ]
    async with database.begin(SYSTEM) as uow:
        assert await push(uow, facts) == 600
        assert await push(uow, facts) == 0
        assert await push(uow, []) == 0
        with pytest.raises(ValueError, match="one subject type"):
            await push(uow, [facts[0], facts[0]])
    async with database.read() as connection:
        found = await effective(connection, [*subjects, UUID(int=7)])
    assert found[UUID(int=7)] == {}
    assert all(set(found[subject]) == {"survey.response_share", "vote.plan.approval_share"} for subject in subjects)


async def test_the_catalogue_tells_every_fact(compound: Compound) -> None:
    answer = await compound.client.get("/v1/facts")
    items = {item["key"]: item for item in answer.json()["items"]}
    assert set(items) == set(CATALOGUE)
    assert items["compound.households"]["aggregation"] == "sum"
    assert all(item["title_zh"] and item["title_en"] for item in items.values())
    same = await compound.client.get("/v1/facts", headers={"If-None-Match": answer.headers["ETag"]})
    assert same.status_code == 304


async def test_pages_of_history_have_no_gaps(compound: Compound) -> None:
    for number in range(7):
        await compound.say(HOUSEHOLDS | {"value": str(number)})
    values: list[str] = []
    cursor = None
    while True:
        query: dict[str, Any] = {"history": "true", "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await compound.client.get(f"{compound.at}/facts", params=query)).json()
        values += [fact["value"] for fact in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert values == [str(number) for number in range(7)]


async def test_a_fact_tells_when_it_was_recorded(compound: Compound) -> None:
    before = datetime.now(UTC)
    fact = (await compound.say(HOUSEHOLDS)).json()["facts"][0]
    assert before <= datetime.fromisoformat(fact["recorded_at"]) <= datetime.now(UTC)
