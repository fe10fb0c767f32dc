"""Statistics of complaints: what staff count, what everybody may see."""

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import httpx
import pytest
from fastapi import FastAPI

from services.core.hotline import statistics
from services.core.kit.calendar import day_of
from services.core.kit.uow import SYSTEM, Database
from tests.api.hotline.offices import Offices, open_offices
from tests.api.hotline.test_contact_board import project
from tests.api.hotline.town import MakeTown, Town
from tests.api.selection.world import MakeRegion, MakeStaff
from tests.support.people import Client, Region

NONE = {"count": 0, "of": 0, "share": None}


async def told(client: Client, **query: Any) -> dict[str, Any]:
    """Statistics as staff read them."""
    answer = await client.get("/v1/complaints/statistics", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def came_in(database: Database, day: date, *complaints: str, hour: int = 4) -> None:
    """The complaints came in at this hour (UTC) of a day."""
    at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    async with database.begin(SYSTEM) as uow:
        ids = [UUID(one) for one in complaints]
        await uow.driver.execute("UPDATE complaint SET created_at = $2 WHERE id = ANY ($1::uuid[])", ids, at)


@pytest.fixture
async def offices(region: MakeRegion, staff: MakeStaff, database: Database) -> Offices:
    """A district whose hotline works."""
    return await open_offices(await region("county"), database, staff)


async def test_each_measure_by_its_definition(offices: Offices, api: httpx.AsyncClient) -> None:
    await offices.rule("水务")
    water = offices.desks["水务"]
    answered, late, refused, open_, again = [
        await offices.call(address=str(number), contact={"phone": f"1380000000{number}"}) for number in range(5)
    ]
    for one in (answered, late, again):
        await offices.at_desk(one, "水务", "sign-in")
        done = await offices.act(one, "reply", {"text": "已修。"}, by=water.staff)
        assert done.status_code == 200, done.text
    sent_back = await offices.at_desk(refused, "水务", "refuse", {"ground": "not_our_duty", "text": "非我局"})
    assert sent_back.status_code == 200, sent_back.text
    async with offices.database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE clock SET due_at = met_at WHERE subject_id = $1 AND kind = 'reply'", UUID(late)
        )
        codes = dict(
            await uow.driver.fetch("SELECT id::text, code FROM complaint WHERE region_path = $1", offices.at.path)
        )
    for one, rating in (
        (answered, {"score": 3, "resolved": True}),
        (late, {"score": 2, "resolved": False, "text": "没修好"}),
    ):
        rated = await api.post(f"/public/complaints/{codes[one]}/rate", json=rating)
        assert rated.status_code == 200, rated.text
    assert (await offices.act(again, "reopen", {"text": "又漏了"}, by=offices.clerk)).status_code == 200
    found = await told(offices.clerk, by="desk")
    assert found["total"]["received"] == 5
    assert found["total"]["measures"] == {
        "response": {"count": 3, "of": 5, "share": "0.6"},
        "on_time": {"count": 2, "of": 3, "share": "2/3"},  # the second round of the last one still runs
        "resolution": {"count": 1, "of": 2, "share": "0.5"},
        "satisfaction": {"count": 1, "of": 2, "share": "0.5"},
    }
    assert {(one["title"], one["received"]) for one in found["items"]} == {("水务", 4), (None, 1)}
    assert found["definitions"]["measures"]["on_time"]["denominator"]["zh"]
    assert open_ not in str(found)
    listed = await told(offices.clerk, by="desk", desk_id=water.id)
    assert [one["received"] for one in listed["items"]] == [4]
    assert (await told(offices.clerk, by="organisation"))["items"][0]["title"] is None, "the desk is the region's own"


async def test_what_reporters_said_last_counts(offices: Offices, api: httpx.AsyncClient) -> None:
    """A call-back counts where nobody rated; what is said of a later round stands for the complaint."""
    one = await offices.call(contact={"phone": "13800000001"})
    other = await offices.make("community", offices.at)
    for act, body, by in (
        ("reply", {"text": "已修。"}, offices.clerk),
        ("close", None, offices.clerk),
    ):
        done = await offices.act(one, act, body, by=by)
        assert done.status_code == 200, done.text
    called = await offices.act(one, "call-back", {"reached": True, "satisfied": False, "resolved": False}, by=other)
    assert called.status_code == 200, called.text
    assert (await told(offices.clerk))["total"]["measures"]["resolution"] == {"count": 0, "of": 1, "share": "0"}
    async with offices.database.read() as connection:
        code = await connection.fetchval("SELECT code FROM complaint WHERE id = $1", UUID(one))
    rated = await api.post(f"/public/complaints/{code}/rate", json={"satisfied": True, "resolved": True})
    assert rated.status_code == 200, rated.text
    measures = (await told(offices.clerk))["total"]["measures"]
    assert measures["resolution"] == measures["satisfaction"] == {"count": 1, "of": 1, "share": "1"}


async def test_days_are_those_of_shanghai(town: Town) -> None:
    calls = [str((await town.call(address=str(number)))["id"]) for number in range(3)]
    day = date(2026, 3, 31)
    await came_in(town.database, day, calls[0], hour=15)  # 23:00 in Shanghai
    await came_in(town.database, day, calls[1], hour=16)  # 0:00 on the first of April
    await came_in(town.database, day, calls[2], hour=17)
    months = await told(town.clerk, first="2026-03-01", last="2026-04-30", by="month")
    assert [(one["key"], one["received"]) for one in months["items"]] == [("2026-03", 1), ("2026-04", 2)]
    days = await told(town.clerk, first="2026-03-31", last="2026-03-31", by="day")
    assert [(one["key"], one["title"], one["received"]) for one in days["items"]] == [("2026-03-31", "2026-03-31", 1)]
    today = day_of(datetime.now(UTC))
    assert (await told(town.clerk))["last"] == today.isoformat()
    for query in (
        {"first": "2026-03-02", "last": "2026-03-01"},
        {"first": "2025-01-01", "last": "2026-03-01"},
        {"first": "0001-01-01", "last": "0001-01-02"},
        {"by": "person"},
    ):
        assert (await town.clerk.get("/v1/complaints/statistics", params=query)).status_code == 422, query


async def test_groups_and_scopes(towns: MakeTown, staff: MakeStaff) -> None:
    first, other = await towns(), await towns()
    city = await staff("city", first.at)
    site = await project(city, first)
    await first.call(project_id=site)
    await first.call(address="2")
    await other.call()
    found = await told(first.clerk, by="project")
    assert [(one["key"], one["title"], one["received"]) for one in found["items"]] == [
        (site, "南岳新村改造", 1),
        (None, None, 1),
    ]
    assert (await told(first.clerk, project_id=site))["total"]["received"] == 1
    assert [(one["key"], one["received"]) for one in (await told(first.clerk))["items"]] == [(str(first.at.id), 2)]
    for query in ({"project_id": site}, {"region_id": str(first.at.id)}):
        assert (await other.clerk.get("/v1/complaints/statistics", params=query)).status_code == 404


async def test_a_sheet_holds_the_figures_and_what_they_mean(town: Town) -> None:
    await town.call()
    answer = await town.clerk.get("/v1/complaint-statistics", params={"by": "region"})
    assert answer.status_code == 200
    with ZipFile(io.BytesIO(answer.content)) as book:
        text = book.read("xl/worksheets/sheet1.xml").decode()
    for wanted in (town.at.name, "按时答复率", "replies in time", "合计 Total"):
        assert wanted in text, wanted


# --- everybody


async def public(api: httpx.AsyncClient, app: FastAPI, at: Region | None, month: str, **query: Any) -> dict[str, Any]:
    """A month as everybody sees it, counted anew."""
    app.state.statistics.clear()
    region = {} if at is None else {"region": str(at.id)}
    answer = await api.get("/public/complaints/statistics", params={"month": month, **region, **query})
    assert answer.status_code == 200, answer.text
    assert len(answer.content) <= 32_768
    found: dict[str, Any] = answer.json()
    return found


MANY = """
INSERT INTO complaint (id, code, no, channel, category, kind, hazard, anonymous, state, region_path, project_id, created_at,
                       answered_at)
SELECT gen_random_uuid(), left(md5(random()::text), 20), gen_random_uuid()::text, 'phone', 'leak', 'complaint', false, true,
       'answered', $1, $4, $2::timestamptz, now()
FROM generate_series(1, $3) AS n
"""


async def many(database: Database, at: Region, month: str, count: int, project_id: str | None = None) -> None:
    """So many answered complaints of a month in a region."""
    async with database.begin(SYSTEM) as uow:
        moment = datetime.fromisoformat(f"{month}-15T04:00:00+00:00")
        await uow.driver.execute(MANY, at.path, moment, count, None if project_id is None else UUID(project_id))


async def test_small_figures_are_hidden_from_everybody_also_by_subtraction(
    api: httpx.AsyncClient, app: FastAPI, database: Database, region: MakeRegion
) -> None:
    month, county = "2021-01", await region("county")
    streets = [await region("street", county) for _ in range(4)]
    for street, count in zip(streets, (3, 6, 11, 20), strict=True):
        await many(database, street, month, count)
    found = await public(api, app, county, month)
    received = {one["key"]: one["received"] for one in found["items"]}
    assert [received[str(street.id)] for street in streets] == [None, None, 11, 20]
    assert found["total"]["received"] == 40
    assert found["hidden_below"] == 5
    small = await public(api, app, streets[0], month)
    assert small["total"]["received"] is None
    beside = await public(api, app, streets[1], month)
    assert beside["total"]["received"] is None, "40 less the others would tell the small one"
    assert beside["items"][0]["received"] is None
    shown = await public(api, app, streets[3], month)
    assert shown["total"]["received"] == 20
    assert shown["total"]["measures"]["response"] == {"count": 20, "of": 20, "share": "1"}
    assert shown["total"]["measures"]["resolution"] == NONE


async def test_what_is_below_a_hidden_region_is_hidden(
    api: httpx.AsyncClient, app: FastAPI, database: Database, region: MakeRegion
) -> None:
    month, county = "2021-02", await region("county")
    small, large = await region("street", county), await region("street", county)
    inner = [await region("community", large) for _ in range(2)]
    await many(database, small, month, 2)
    for one in inner:
        await many(database, one, month, 8)
    assert [one["received"] for one in (await public(api, app, county, month))["items"]] == [None, None]
    found = await public(api, app, large, month)
    assert [found["total"]["received"], *(one["received"] for one in found["items"])] == [None, None, None]
    assert (await public(api, app, inner[0], month))["total"]["received"] is None


async def test_groups_of_everybody(
    api: httpx.AsyncClient, app: FastAPI, town: Town, staff: MakeStaff, database: Database
) -> None:
    month, city = "2021-03", await staff("city", town.at)
    site, other = await project(city, town), await project(city, town, title="另一个")
    await many(database, town.at, month, 9, site)
    await many(database, town.at, month, 7, other)
    await many(database, town.at, month, 6)
    found = await public(api, app, town.at, month, by="project")
    assert {(one["title"], one["received"]) for one in found["items"]} == {
        ("南岳新村改造", 9), ("另一个", 7), (None, 6),
    }  # fmt: skip
    first = await public(api, app, town.at, month, by="project", limit=2)
    rest = await public(api, app, town.at, month, by="project", limit=2, cursor=first["next_cursor"])
    assert [len(first["items"]), len(rest["items"]), rest["has_more"]] == [2, 1, False]
    assert len({str(one) for one in (*first["items"], *rest["items"])}) == 3


async def test_only_months_that_are_over(api: httpx.AsyncClient) -> None:
    today = day_of(datetime.now(UTC))
    before = (today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    assert (await api.get("/public/complaints/statistics")).json()["month"] == before
    for month in (today.strftime("%Y-%m"), "2099-01", "2021-13", "x"):
        answer = await api.get("/public/complaints/statistics", params={"month": month})
        assert answer.status_code == 422, month
    nobody = {"region": "00000000-0000-0000-0000-000000000000"}
    assert (await api.get("/public/complaints/statistics", params=nobody)).status_code == 404
    assert (await api.get("/public/complaints/statistics", params={"cursor": "x"})).status_code == 422


async def test_a_month_is_counted_once_for_all_who_ask(
    api: httpx.AsyncClient, app: FastAPI, town: Town, database: Database
) -> None:
    month = "2021-04"
    await many(database, town.at, month, 8)
    assert (await public(api, app, town.at, month))["total"]["received"] == 8
    await many(database, town.at, month, 8)
    query = {"month": month, "region": str(town.at.id)}
    assert (await api.get("/public/complaints/statistics", params=query)).json()["total"]["received"] == 8
    assert (await public(api, app, town.at, month))["total"]["received"] == 16


async def test_days_are_found_by_an_index(fresh_database: Database) -> None:
    async with fresh_database.begin(SYSTEM) as uow:
        driver = uow.driver
        await driver.execute("ALTER TABLE complaint DISABLE TRIGGER ALL")
        for month in range(1, 11):
            await driver.execute(MANY, "1.", datetime(2021, month, 5, tzinfo=UTC), 2000, None)
        await driver.execute("ANALYZE complaint")
        values = (
            datetime(2021, 3, 1, tzinfo=UTC),
            datetime(2021, 4, 1, tzinfo=UTC),
            ["1."],
            ["1/"],
            None,
            None,
            ["region"],
        )
        (row,) = await driver.fetch(f"EXPLAIN (FORMAT json) {statistics.COUNT}", *values)
        assert "ix_complaint_created_at" in str(row[0])
        assert "Seq Scan" not in str(row[0])
        rows = await statistics.count(driver, first=date(2021, 3, 1), last=date(2021, 3, 31), lows=["1."], highs=["1/"])
        assert [counted.received for _row, counted in rows] == [2000]
