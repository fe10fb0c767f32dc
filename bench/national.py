"""A national run, whole: `python -m bench.national compute|floor|verify …` does one of them in a process of its own."""

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from itertools import accumulate, chain, pairwise, starmap
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import numpy as np
from pydantic_core import from_json
from pymcdm.methods import WSM

from bench import nation
from bench.report import Figure
from services.cli.verify import verify
from services.core.kit.database import create_engine
from services.core.kit.exact import digest
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.settings import load
from services.core.kit.uow import SYSTEM, Database
from services.core.policy.rubric import BandsCurve, CountCurve, FlagCurve, Indicator, LinearCurve, Rubric
from services.core.policy.schema import canonical
from services.core.selection import bundle, computing, explaining, frozen
from services.core.selection.candidates import Candidate
from services.core.selection.choice import Order
from services.core.selection.rules import score
from services.core.selection.scoring import Columns, Scorer
from services.worker.runtime import collect_rarely

COUNTIES = 2850
TOGETHER = 50
SIZES = (2_190, 219_000)
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
        await uow.driver.execute("SET LOCAL statement_timeout = 0")
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
                    bundle.facts_json(nation.facts(number)), "[]", "[]", "[]", 0 if number % 17 == 0 else None,
                )
                for number, row in enumerate(rows)
            ),
            columns=list(CANDIDATES),
        )  # fmt: skip
    async with database.read() as connection:
        await connection.execute("VACUUM ANALYZE freeze_candidate")
    return ids["run"]


async def add_run(driver: asyncpg.Connection, round_id: UUID, freeze_id: UUID, run_id: UUID, number: int) -> None:
    """A queued run."""
    await driver.execute(
        "INSERT INTO run (id, round_id, freeze_id, number, state, progress, requested_at)"
        " VALUES ($1, $2, $3, $4, 'queued', 0, now())",
        run_id, round_id, freeze_id, number,
    )  # fmt: skip


async def compute(database: Database, run_id: UUID) -> None:
    """Ours: from the frozen facts to ranks, points and sentences, as a worker does it."""
    collect_rarely()
    async with database.begin(SYSTEM) as uow:
        await computing.compute(uow, run_id=run_id)


async def floor(database: Database, run_id: UUID) -> None:
    """The floor: COPY the facts out, COPY the result rows in, nothing in between."""
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("SET LOCAL statement_timeout = 0")
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
    """Does one thing and prints how long it took (s), how much of that it computed itself, and its most memory (MiB)."""
    database = Database(create_engine(load(), application="jiugai-bench", pool_size=4))
    started, computed = time.perf_counter(), time.process_time()
    if what == "verify":
        with Path(argument).open("rb") as lines:
            assert list(verify(lines)) == []
    else:
        await {"compute": compute, "floor": floor}[what](database, UUID(argument))
    seconds, computed = time.perf_counter() - started, time.process_time() - computed
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "cpu": computed, "mib": int(peak.split()[1]) / 1024}))
    await database.close()


def measured(what: str, argument: object) -> tuple[float, float]:
    """Seconds and MiB of one of them, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.national", what, str(argument)], check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return found["seconds"], found["mib"]


async def clear(database: Database, run_id: UUID) -> None:
    """Takes the results of a run away, so that it can be computed or copied again."""
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("SET LOCAL statement_timeout = 0")
        await uow.driver.execute("DELETE FROM run_result WHERE run_id = $1", run_id)
        await uow.driver.execute("UPDATE run SET state = 'queued' WHERE id = $1", run_id)
    async with database.read() as connection:
        await connection.execute("VACUUM ANALYZE run_result")


async def run_of(database: Database, size: int, rounds: int) -> tuple[list[float], list[float], float, float]:
    """Seconds of our runs over so many projects and of the floor, in turn; our most memory; seconds of `jiugai verify`."""
    run_id = await prepare(database, size)
    await asyncio.to_thread(measured, "compute", run_id)
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("SET LOCAL statement_timeout = 0")
        columns = ", ".join(frozen.RESULT_COLUMNS)
        await uow.driver.copy_from_query(
            f"SELECT {columns} FROM run_result WHERE run_id = $1 ORDER BY position",
            run_id, output=FOLDER / f"{run_id}.copy",
        )  # fmt: skip
    bundle_path = await write_bundle(database, run_id)
    verifying, _ = await asyncio.to_thread(measured, "verify", bundle_path)
    ours, floors, most = [], [], 0.0
    for _ in range(rounds):
        await clear(database, run_id)
        seconds, mib = await asyncio.to_thread(measured, "compute", run_id)
        await clear(database, run_id)
        ours.append(seconds)
        most = max(most, mib)
        floors.append((await asyncio.to_thread(measured, "floor", run_id))[0])
    await clear(database, run_id)
    return ours, floors, most, verifying


async def figures(database: Database) -> list[Figure]:
    """The national run beside COPY, its memory, its cost per project, and its verification."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    await run_of(database, SIZES[0], 1)  # whatever is slow only the first time
    few, *_ = await run_of(database, SIZES[0], 5)
    ours, floors, most, verifying = await run_of(database, SIZES[-1], 3)
    ratio = statistics.median(mine / least for mine, least in zip(ours, floors, strict=True))
    growth = statistics.median(ours) / SIZES[-1] / (statistics.median(few) / SIZES[0])
    told, copied = f"{statistics.median(ours):.1f} s", f"{statistics.median(floors):.1f} s"
    return [
        Figure(f"national run: {SIZES[-1]:,} projects, 20 indicators", round(ratio, 2), 2.0, "most", told, copied),
        Figure("national run: memory of the worker (MiB)", round(most), 1024, "most", f"{most:.0f} MiB", "–"),
        Figure(
            f"national run: cost per project, {SIZES[-1]:,} over {SIZES[0]:,}", round(growth, 2), 1.2, "most", "–", "–"
        ),
        Figure(f"jiugai verify of {SIZES[-1]:,} (s)", round(verifying, 1), 60, "most", f"{verifying:.1f} s", "–"),
        ranking(),
    ]


def ranking(size: int = SIZES[-1]) -> Figure:
    """Scoring and ranking alone, as a run does it, against pymcdm's weighted sum as it is called; the order must agree.

    Some counties at a time, as a run reads them, in a process that looks for garbage as rarely as a worker does: each starts from
    columns of facts as it takes them, ours their texts and pymcdm floats, is told which county has which, and ends with every
    county in order. Most of pymcdm's time is its check of what it is given, which ours has no like of: its time without that is
    told beside.
    """
    collect_rarely()
    policy = nation.policy()
    assert policy.rubric is not None
    scorer, order = Scorer(policy.rubric), Order(policy.rubric)
    facts = [one.fact for one in policy.rubric.indicators]
    method = WSM(normalization_function=[_curve(one) for one in policy.rubric.indicators])
    points = np.array([float(one.points) for one in policy.rubric.indicators])
    weights, types = points / points.sum(), np.ones(len(points))
    mine, least, unchecked = 0.0, 0.0, 0.0
    for start in range(0, COUNTIES, TOGETHER):
        counties = [_county(number, size) for number in range(start, min(start + TOGETHER, COUNTIES))]
        matrices = [
            np.array([[float(cast("Fraction | bool", one.value(fact))) for fact in facts] for one in county])
            for county in counties
        ]
        ends = list(accumulate(map(len, counties), initial=0))
        places = list(starmap(range, pairwise(ends)))
        columns = Columns(list(chain(*counties)))
        for fact in facts:
            columns[fact]  # made before the watch runs, as the matrices are
        gc.collect()
        mine += _least(partial(_ranked, scorer, order, columns, places))
        least += _least(partial(_weighed, method, matrices, weights, types, checks=True))
        unchecked += _least(partial(_weighed, method, matrices, weights, types, checks=False))
        for county, matrix in zip(counties, matrices, strict=True):
            _agree(policy.rubric, county, method(matrix, weights, types, validation=False))
    return Figure(
        f"scoring and ranking of {size:,} in {COUNTIES:,} counties", round(mine / least, 3), 0.2, "most",
        f"{mine:.2f} s", f"{least:.2f} s (unchecked {unchecked:.2f} s)",
    )  # fmt: skip


def _weighed(method: WSM, matrices: Sequence[Any], weights: Any, types: Any, *, checks: bool) -> None:
    """Every county in order by pymcdm."""
    for matrix in matrices:
        method.rank(method(matrix, weights, types, validation=checks))


def _county(number: int, size: int) -> list[Candidate]:
    """The projects of one county, their facts read from frozen text as a run reads them."""
    return [
        Candidate(str(one), f"{one:06d}", "", str(number), from_json(bundle.facts_json(nation.facts(one))))
        for one in range(number, size, COUNTIES)
    ]


def _least(work: Callable[[], object]) -> float:
    """The least CPU seconds of three times."""
    taken = []
    for _ in range(3):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def _agree(rubric: Rubric, county: list[Candidate], preferences: Sequence[float]) -> None:
    """Nobody stands before one whom pymcdm prefers. Nearer than our rounding of every indicator, and where totals are equal, a
    weighted sum has no say.
    """
    told = {one.no: preference for one, preference in zip(county, preferences, strict=True)}
    for ahead, behind in pairwise(score(rubric, county)):
        if ahead.total_units - behind.total_units > len(rubric.indicators):
            assert told[ahead.candidate.no] > told[behind.candidate.no]


def _curve(indicator: Indicator) -> Callable[..., Any]:
    """The curve of an indicator as pymcdm takes it: a column of values, and what share of the points each gives."""
    match curve := indicator.curve:
        case LinearCurve():
            start, span = float(curve.start), float(curve.end - curve.start)
            return lambda column, cost: ((column - start) / span).clip(0, 1)  # noqa: ARG005 - asked for by name
        case CountCurve():
            each = float(curve.each / indicator.points)
            return lambda column, cost: np.minimum(column * each, 1)  # noqa: ARG005
        case FlagCurve():
            return lambda column, cost: column  # noqa: ARG005
        case BandsCurve():
            raise ValueError("bands are no curve of the nation's policy, and none that pymcdm is given")


def _ranked(scorer: Scorer, order: Order, columns: Columns, counties: Sequence[range]) -> list[list[int]]:
    """The places of some counties' projects in rank order, each county by itself."""
    dimensions = scorer.dimension_units(scorer.units(columns))
    totals = list(map(sum, zip(*dimensions, strict=True)))
    keys = order.keys_of(columns, totals, dimensions, [False] * len(totals))
    return [sorted(places, key=keys.__getitem__) for places in counties]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
