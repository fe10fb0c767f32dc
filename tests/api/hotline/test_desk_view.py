"""What a desk has to do: the overdue first, with days left, by an index however many complaints there are."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.api.hotline.desk_schemas import DeskCasesPage
from services.core.hotline.desk_queries import OF_DESK, PAGE
from services.core.kit.uow import SYSTEM, Database
from tests.api.hotline.offices import Offices
from tests.support.people import Client, Region

MakeRegion = Callable[..., Awaitable[Region]]
MakeStaff = Callable[..., Awaitable[Client]]


async def due(database: Database, complaint_id: str, at: datetime) -> None:
    """Moves the limit of a case's reply, as a new calendar would."""
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE clock SET due_at = $2 WHERE subject_id = $1 AND kind = 'reply'", UUID(complaint_id), at
        )


async def listed(client: Client, desk_id: str, **params: Any) -> dict[str, Any]:
    answer = await client.get(f"/v1/desks/{desk_id}/complaints", params=params)
    assert answer.status_code == 200, answer.text
    DeskCasesPage.model_validate(answer.json())
    found: dict[str, Any] = answer.json()
    return found


async def test_the_overdue_come_first_and_what_stands_still_last(offices: Offices, database: Database) -> None:
    await offices.rule("城建办")
    desk = offices.desks["城建办"]
    now = datetime.now(UTC)
    first, late, today, still = [await offices.call(description=f"第 {n} 件") for n in range(4)]
    await due(database, late, now - timedelta(days=3))
    await due(database, today, now + timedelta(seconds=1))
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE clock SET state = 'paused' WHERE subject_id = $1 AND kind = 'reply'", UUID(still)
        )
    page = await listed(desk.staff, desk.id)
    assert [one["id"] for one in page["items"]] == [late, today, first, still]
    assert [one["overdue"] for one in page["items"]] == [True, page["items"][1]["overdue"], False, False]
    assert page["items"][0]["days_left"] < 0 < page["items"][2]["days_left"]
    assert (page["items"][3]["paused"], page["items"][3]["days_left"], page["items"][3]["due_at"]) == (True, None, None)
    assert page["counts"]["open"] == 4
    assert page["counts"]["overdue"] + page["counts"]["due_today"] == 2
    assert page["items"][0]["excerpt"] == "第 1 件"

    seen: list[str] = []
    cursor = None
    while True:
        step = await listed(desk.staff, desk.id, limit=1, **({"cursor": cursor} if cursor else {}))
        seen += [one["id"] for one in step["items"]]
        cursor = step["next_cursor"]
        if cursor is None:
            break
    assert seen == [late, today, first, still]


async def test_a_part_has_its_own_limit_and_what_is_done_is_gone(offices: Offices, database: Database) -> None:
    await offices.rule("城建办", "供水公司")
    case = await offices.call()
    water = offices.desks["供水公司"]
    (part,) = (await listed(water.staff, water.id))["items"]
    assert (part["id"], part["part"], part["overdue"]) == (case, "co", False)
    await due(database, case, datetime.now(UTC) - timedelta(days=1))
    assert not (await listed(water.staff, water.id))["items"][0]["overdue"], "the lead's limit is not its own"
    await due(database, part["assignment_id"], datetime.now(UTC) - timedelta(days=1))
    assert (await listed(water.staff, water.id))["counts"] == {"open": 1, "overdue": 1, "due_today": 0}
    await offices.at_desk(case, "供水公司", "finish", {"text": "已修复。"})
    assert (await listed(water.staff, water.id))["counts"] == {"open": 0, "overdue": 0, "due_today": 0}


async def test_without_a_policy_a_case_is_in_the_list_without_a_limit(
    region: MakeRegion, staff: MakeStaff, offices: Offices, database: Database
) -> None:
    at = await region("county")
    clerk = await staff("city", at)
    desk = (await clerk.post("/v1/desks", json={"region_id": str(at.id), "title": "城建办"})).json()
    said = {"category": "leak", "description": "漏水", "region_id": str(at.id)}
    case = (await clerk.post("/v1/complaints", json=said)).json()["id"]
    sent = await clerk.post(f"/v1/complaints/{case}/assign", json={"desk_id": desk["id"]}, headers={"If-Match": '"1"'})
    assert sent.status_code == 200, sent.text
    (one,) = (await listed(clerk, desk["id"]))["items"]
    assert (one["id"], one["due_at"], one["days_left"], one["overdue"]) == (case, None, None, False)


DESKS, EACH = 300, 150
STOCK = (
    "SET LOCAL session_replication_role = 'replica'",
    """
    INSERT INTO desk (id, region_id, region_path, title, role, made_at, version)
    SELECT lpad(to_hex(n), 32, '0')::uuid, gen_random_uuid(), '1.', '席位', 'handling', now(), 1
    FROM generate_series(1, $1::int) n WHERE $2 > 0
    """,
    """
    INSERT INTO complaint (id, code, no, channel, category, kind, hazard, anonymous, state, region_path, created_at, reopened,
                           synthetic, version)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'C' || n, 'N' || n, 'phone', 'leak', 'complaint', false, false, 'assigned', '1.', now(),
           0, false, 1
    FROM generate_series(1, $1::int * $2::int) n
    """,
    """
    INSERT INTO assignment (id, complaint_id, desk_id, part, state, binding, queue_at, assigned_at, ended_at)
    SELECT id, id, lpad(to_hex(n % $1::int + 1), 32, '0')::uuid, 'lead', CASE WHEN n % 10 = 0 THEN 'assigned' ELSE 'done' END,
           false, now() + n * interval '1 minute', now(), CASE WHEN n % 10 = 0 THEN NULL ELSE now() END
    FROM (SELECT id, substr(no, 2)::int AS n FROM complaint) c WHERE $2 > 0
    """,
    """
    INSERT INTO clock (id, subject_type, subject_id, region_path, kind, policy_version_id, terms, started_at, due_at, provisional,
                       skipped, calendar, revision, state, created_at)
    SELECT id, 'complaint', id, '1.', 'reply', gen_random_uuid(), '{}', now(), now(), false, '{}', 'test', 1, 'running', now()
    FROM complaint WHERE $1::int + $2::int > 0
    """,
)


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Every node of a plan."""
    return [plan, *(below for child in plan.get("Plans", ()) for below in nodes(child))]


async def test_a_desks_list_reads_what_the_desk_has(fresh_database: Database) -> None:
    desk_id = UUID(int=11)  # has open ones: those whose number ends in 0
    async with fresh_database.begin(SYSTEM) as uow:
        await uow.driver.execute(STOCK[0])
        for statement in STOCK[1:]:
            await uow.driver.execute(statement, DESKS, EACH)
    async with fresh_database.read() as connection:
        await connection.execute("VACUUM ANALYZE")
        now = datetime.now(UTC)
        first = (desk_id, datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0), 21)
        for sql, arguments in ((OF_DESK, first), (PAGE, (*first, now, now, ["1."], ["1/"]))):
            told = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *arguments)
            plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
            large = [
                node
                for node in nodes(plan)
                if node["Node Type"] == "Seq Scan" and node["Relation Name"] in {"assignment", "complaint", "clock"}
            ]
            assert large == []
            used = {node.get("Index Name") for node in nodes(plan)}
            assert "ix_assignment_queue" in used
        rows = await connection.fetch(PAGE, *first, now, now, ["1."], ["1/"])
    assert len(rows) == 21
    assert [row["queue_at"] for row in rows] == sorted(row["queue_at"] for row in rows)
