"""A national run, whole: `python -m bench.national compute|floor|verify …` does one of them in a process of its own."""

import asyncio
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

from bench import nation
from services.cli.verify import verify
from services.core.kit.database import create_engine
from services.core.kit.exact import digest
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.settings import load
from services.core.kit.uow import SYSTEM, Database
from services.core.policy.schema import canonical
from services.core.selection import bundle, computing, explaining, frozen

SIZES = (2_190, 21_900, 219_000)
FOLDER = Path(".data/bench-national")
PROJECTS = "SELECT id, no, title, region_id FROM project WHERE no ~ '^[0-9]{6}-' ORDER BY no COLLATE \"C\" LIMIT $1"
CANDIDATES = (
    "freeze_id", "project_id", "no", "title", "partition", "compounds", "facts", "synthetic", "conflicts", "exceptions",
    "carry_over",
)  # fmt: skip
READ = "no, title, partition, facts, conflicts, exceptions, carry_over"


async def prepare(database: Database, size: int) -> UUID:
    """A round whose freeze holds so many projects; the id of a queued run of it."""
    policy, parameters = nation.policy(), nation.parameters()
    ids = {name: new_id() for name in ("policy", "round", "freeze", "run")}
    async with database.begin(SYSTEM) as uow:
        body = canonical(policy)
        stored = await uow.driver.fetchval("SELECT id FROM policy_version WHERE policy_id = $1", policy.id)
        if stored is None:
            stored = ids["policy"]
            await uow.driver.execute(
                "INSERT INTO policy_version (id, policy_id, number, title, digest, body, loaded_at)"
                " VALUES ($1, $2, 1, $3, $4, $5, $6)",
                stored, policy.id, policy.title, digest(body), json.dumps(body), uow.now,
            )  # fmt: skip
        place = await uow.driver.fetchrow("SELECT id, path FROM region WHERE level = 'nation'")
        caps = json.dumps(bundle.parameters_document(parameters)["caps"])
        await uow.driver.execute(
            "INSERT INTO selection_round (id, region_id, region_path, year, title, policy_version_id, filter, caps, reserve,"
            " status, version, created_at) VALUES ($1, $2, $3, 2027, '测速', $4, '{}', $5::text::jsonb, $6, 'frozen', 1, $7)",
            ids["round"], place["id"], place["path"], stored, caps, parameters.reserve, uow.now,
        )  # fmt: skip
        await uow.driver.execute(
            "INSERT INTO round_freeze (id, round_id, number, digest, candidates, taken_at, excluded)"
            " VALUES ($1, $2, 1, '', $3, $4, '{}')",
            ids["freeze"], ids["round"], size, uow.now,
        )  # fmt: skip
        await add_run(uow.driver, ids["round"], ids["freeze"], ids["run"], 1)
        rows = await uow.driver.fetch(PROJECTS, size)
        await uow.driver.copy_records_to_table(
            "freeze_candidate",
            records=(
                (
                    ids["freeze"], row["id"], row["no"], row["title"], str(row["region_id"]), "[]",
                    json.dumps(nation.facts(number)), "[]", "[]", "[]", 0 if number % 17 == 0 else None,
                )
                for number, row in enumerate(rows)
            ),
            columns=list(CANDIDATES),
        )  # fmt: skip
    async with database.read() as connection:
        await connection.execute("VACUUM ANALYZE freeze_candidate")
    return ids["run"]


async def add_run(driver: object, round_id: UUID, freeze_id: UUID, run_id: UUID, number: int) -> None:
    """A queued run."""
    await driver.execute(  # type: ignore[attr-defined]
        "INSERT INTO run (id, round_id, freeze_id, number, state, progress, requested_at)"
        " VALUES ($1, $2, $3, $4, 'queued', 0, now())",
        run_id, round_id, freeze_id, number,
    )  # fmt: skip


async def compute(database: Database, run_id: UUID) -> None:
    """Ours: from the frozen facts to ranks, points and sentences."""
    async with database.begin(SYSTEM) as uow:
        await computing.compute(uow, run_id=run_id)


async def floor(database: Database, run_id: UUID) -> None:
    """The floor: COPY the facts out, COPY the result rows in, nothing in between."""
    async with database.begin(SYSTEM) as uow:
        freeze_id = await uow.driver.fetchval("SELECT freeze_id FROM run WHERE id = $1", run_id)
        with Path("/dev/null").open("wb") as nowhere:
            await uow.driver.copy_from_query(
                f"SELECT project_id, {READ} FROM freeze_candidate WHERE freeze_id = $1 ORDER BY partition, no",
                freeze_id, output=nowhere,
            )  # fmt: skip
        await uow.driver.copy_to_table(
            "run_result", source=FOLDER / f"{run_id}.copy", columns=list(frozen.RESULT_COLUMNS), format="text"
        )


async def write_bundle(database: Database, run_id: UUID) -> Path:
    """The bundle of a finished run as a file."""
    path = FOLDER / f"{run_id}.ndjson"
    async with database.read() as reader:
        told = await explaining.bundle(reader, scope=Scope.of(["1."]), run_id=run_id)
    with path.open("wb") as file:
        async for lines in told.lines(database):
            file.write(lines)
    return path


async def main(what: str, argument: str) -> None:
    """Does one thing and prints how long it took (s, CPU s of this process) and its memory (MiB)."""
    database = Database(create_engine(load(), application="jiugai-bench", pool_size=4))
    started, cpu = time.perf_counter(), time.process_time()
    if what == "verify":
        with Path(argument).open("rb") as lines:
            assert list(verify(lines)) == []
    else:
        await {"compute": compute, "floor": floor}[what](database, UUID(argument))
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - started,
                "cpu": time.process_time() - cpu,
                "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )
    await database.close()


def measured(what: str, argument: object) -> dict[str, float]:
    """One of them in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.national", what, str(argument)], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
