"""What revision 0007 took apart, its downgrade puts together again: frozen facts and points of results, row by row."""

import json
import os
from typing import Any
from uuid import uuid4

import asyncpg

from services.core.kit.ids import new_id
from tests.migrations.test_migrations import alembic
from tests.support import databases

BODY = {
    "rubric": {
        "dimensions": [
            {
                "id": "need",
                "indicators": [
                    {"id": "hazards", "fact": "compound.hazards", "points": "10"},
                    {"id": "age", "fact": "compound.built_year", "points": "20/3"},
                ],
            },
            {"id": "will", "indicators": [{"id": "party", "fact": "governance.party_organisation", "points": "0"}]},
        ]
    }
}
FACTS = {
    "compound.hazards": {
        "value": "3",
        "kind": "synthetic",
        "sources": [{"subject": "a", "value": "3", "source": "演示", "rows": [1]}],
    },
    "compound.built_year": {"value": None, "kind": "attested", "sources": [], "missing": ["b"]},
}
CONFLICTS = [{"key": "compound.built_year", "subject": "a", "figures": [{"value": "1980"}, {"value": "1985"}]}]
EXCEPTIONS = {"willing": {"reason": "经区政府同意", "document": "凤政〔2026〕8号"}}
POINTS = {
    "dimensions": {"need": "7.2222", "will": "0"},
    "indicators": [
        {"indicator": "hazards", "fact": "compound.hazards", "value": "3", "points": "6", "share": "0.6"},
        {"indicator": "age", "fact": "compound.built_year", "value": None, "points": "1.2222", "share": "0.1833"},
        {
            "indicator": "party",
            "fact": "governance.party_organisation",
            "value": None,
            "points": "0",
            "share": "0",
        },
    ],
}
KEPT = """
SELECT c.facts, c.conflicts, c.exceptions, r.points FROM freeze_candidate c LEFT JOIN run_result r USING (project_id)
ORDER BY c.no
"""


async def put(driver: asyncpg.Connection) -> None:
    """A run of two candidates, as the program before 0007 left it; one of them it knew nothing of and did not rank."""
    ids = {name: new_id() for name in ("policy", "round", "freeze", "run", "scored", "bare")}
    await driver.execute(
        "SET session_replication_role = 'replica'"
    )  # what else there would have to be tells nothing here
    await driver.execute(
        "INSERT INTO policy_version (id, policy_id, number, title, digest, body, loaded_at)"
        " VALUES ($1, 'p', 1, '', '', $2::text::jsonb, now())",
        ids["policy"],
        json.dumps(BODY),
    )
    await driver.execute(
        "INSERT INTO selection_round (id, region_id, region_path, year, title, policy_version_id, filter, caps, reserve,"
        " status, version, created_at) VALUES ($1, $1, '1.', 2027, '', $2, '{}', '[]', 0, 'frozen', 1, now())",
        ids["round"],
        ids["policy"],
    )
    await driver.execute(
        "INSERT INTO run (id, round_id, freeze_id, number, state, progress, requested_at)"
        " VALUES ($1, $2, $3, 1, 'done', 2, now())",
        ids["run"],
        ids["round"],
        ids["freeze"],
    )
    await driver.execute(
        "INSERT INTO round_freeze (id, round_id, number, digest, candidates, taken_at) VALUES ($1, $2, 1, '', 2, now())",
        ids["freeze"],
        ids["round"],
    )
    rows: list[tuple[str, Any, Any, Any]] = [("scored", FACTS, CONFLICTS, EXCEPTIONS), ("bare", {}, [], {})]
    for name, facts, conflicts, exceptions in rows:
        await driver.execute(
            "INSERT INTO project (id, no, title, region_id, region_path, stage, version, created_at)"
            " VALUES ($1, $2, '', $1, '1.', 'applied', 1, now())",
            ids[name],
            name,
        )
        await driver.execute(
            "INSERT INTO freeze_candidate (freeze_id, project_id, no, title, partition, compounds, facts, conflicts, exceptions)"
            " VALUES ($1, $2, $3, '', 'x', '[]', $4::text::jsonb, $5::text::jsonb, $6::text::jsonb)",
            ids["freeze"],
            ids[name],
            name,
            *map(json.dumps, (facts, conflicts, exceptions)),
        )
    await driver.execute(
        "INSERT INTO run_result (run_id, position, project_id, no, partition, outcome, points, reason, sentence_zh, sentence_en)"
        " VALUES ($1, 1, $2, 'scored', 'x', 'chosen', $3::text::jsonb, '{}', '', '')",
        ids["run"],
        ids["scored"],
        json.dumps(POINTS),
    )


async def test_0007_goes_forth_and_back_with_rows_in_its_tables(servers: dict[str, str]) -> None:
    name = f"{databases.PREFIX}{os.getpid()}_{uuid4().hex[:8]}"
    admin = await asyncpg.connect(databases.on(servers["DATABASE_URL"], "postgres"))
    await admin.execute(f'CREATE DATABASE "{name}"')
    url = databases.on(servers["DATABASE_URL"], name)
    try:
        assert alembic(url, "upgrade(c(), '0006')").returncode == 0
        driver = await asyncpg.connect(url)
        await put(driver)
        before = [tuple(map(_read, row.values())) for row in await driver.fetch(KEPT)]
        for call in ("upgrade(c(), '0007')", "downgrade(c(), '0006')"):
            moved = alembic(url, call)
            assert moved.returncode == 0, moved.stderr[-2000:]
        after = [tuple(map(_read, row.values())) for row in await driver.fetch(KEPT)]
        await driver.close()
        assert after == before == [({}, [], {}, None), (FACTS, CONFLICTS, EXCEPTIONS, POINTS)]
    finally:
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.close()


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)
