"""An import of 50,000 compounds with 1,000 bad cells, by a worker process of its own; beside it, COPY of the rows it wrote."""

import asyncio
import io
import json
import statistics
import sys
import time
from pathlib import Path
from uuid import UUID

import httpx
import xlsxwriter

from bench.report import Figure
from services.core.exchange.forms import COMPOUNDS
from services.core.kit.database import create_engine
from services.core.kit.settings import load
from services.core.kit.uow import SYSTEM, Database
from services.worker.runtime import collect_rarely, perform
from services.worker.tasks import exchange as _exchange  # noqa: F401 - binds the task

ROWS = 50_000
BAD_CELLS = 1_000
ROUNDS = 3
SECONDS, MIB = 15, 300
COUNTIES = "SELECT id, code, path FROM region WHERE level = 'county' AND valid_to IS NULL ORDER BY code LIMIT $1"
JOB = "SELECT id FROM job WHERE payload ->> 'import_id' = $1"
FIGURES = ("compound.households", "compound.buildings", "compound.floor_area", "compound.built_year", "compound.hazards",
           "governance.party_organisation")  # fmt: skip


def workbook(county: str, turn: int) -> bytes:
    """What a county's clerks would send: text and number cells, a date, a wrong household count in every fiftieth row."""
    keys = ("no", "name", "region", "address", *FIGURES, "source", "document", "observed_on")
    titles = {column.key: column.title_zh for column in COMPOUNDS.columns}
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = book.add_worksheet("小区")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for column, key in enumerate(keys):
        sheet.write_string(0, column, titles[key])
    for row in range(1, ROWS + 1):
        bad = row % (ROWS // BAD_CELLS) == 0
        sheet.write_string(row, 0, f"{county}-{turn}-{row:06d}")
        sheet.write_string(row, 1, f"测速小区{row:06d}")
        sheet.write_string(row, 2, county)
        sheet.write_string(row, 3, f"人民路{row}号")
        sheet.write(row, 4, "很多" if bad else 50 + row % 900)
        sheet.write_number(row, 5, 1 + row % 40)
        sheet.write_string(row, 6, f"{1000 + row % 90000:,}.5㎡")
        sheet.write_number(row, 7, 1960 + row % 45)
        sheet.write_number(row, 8, row % 9)
        sheet.write_string(row, 9, "是" if row % 3 else "否")
        sheet.write_string(row, 10, "街道摸底")
        sheet.write_string(row, 11, "凤建发〔2026〕3号")
        sheet.write_number(row, 12, 46000 + row % 90, day)
    book.close()
    return target.getvalue()


async def imports(database: Database, token: str, port: int) -> list[Figure]:
    """Seconds and peak memory of the worker, the median of rounds into counties that were empty; the ratio to COPY is told."""
    async with database.read() as connection:
        counties = await connection.fetch(COUNTIES, ROUNDS)
    seconds, mib, floors = [], [], []
    for turn, county in enumerate(counties):
        content = await asyncio.to_thread(workbook, county["code"], turn)
        import_id = await asyncio.to_thread(_send, port, token, county["id"], content)
        async with database.read() as connection:
            job = await connection.fetchval(JOB, import_id)
        measured = await _worker(str(job))
        found = httpx.get(
            f"http://127.0.0.1:{port}/v1/imports/{import_id}", headers={"Authorization": f"Bearer {token}"}
        ).json()
        assert (found["state"], found["created"], found["findings"]) == ("done", ROWS - BAD_CELLS, BAD_CELLS), found
        seconds.append(measured["seconds"])
        mib.append(measured["mib"])
        floors.append(await _copied(database, county["path"]))
    took, copied = statistics.median(seconds), statistics.median(floors)
    name = f"import of {ROWS:,} compounds ({BAD_CELLS:,} bad cells)"
    floor = f"{copied:.2f} s COPY, {took / copied:.1f} ×"
    return [
        Figure(f"{name} (s)", round(took, 2), SECONDS, "most", f"{took:.1f} s", floor),
        Figure(f"{name} (MiB)", round(max(mib)), MIB, "most", f"{max(mib):.0f} MiB", "–"),
    ]


def _send(port: int, token: str, region_id: UUID, content: bytes) -> str:
    answer = httpx.post(
        f"http://127.0.0.1:{port}/v1/imports",
        headers={"Authorization": f"Bearer {token}"},
        data={"kind": "compounds", "region": str(region_id), "mode": "good_rows"},
        files={"file": ("小区.xlsx", content)},
        timeout=60,
    )
    return str(answer.raise_for_status().json()["id"])


async def _worker(job: str) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.imports", job, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    if process.returncode:
        sys.exit("the import's worker failed")
    measured: dict[str, float] = json.loads(out.splitlines()[-1])
    return measured


async def _copied(database: Database, path: str) -> float:
    """Seconds that COPY takes for the same rows of compounds and figures, into tables of their form without an index."""
    async with database.begin(SYSTEM) as uow:
        taken = 0.0
        for table in ("compound", "fact"):
            rows = await uow.driver.fetch(f"SELECT * FROM {table} WHERE region_path = $1", path)
            columns = list(rows[0].keys())
            records = [
                tuple(json.dumps(value) if isinstance(value, list) else value for value in row.values()) for row in rows
            ]
            await uow.driver.execute(f"CREATE TABLE floor_{table} (LIKE {table})")
            begun = time.perf_counter()
            await uow.driver.copy_records_to_table(f"floor_{table}", records=records, columns=columns)
            taken += time.perf_counter() - begun
            await uow.driver.execute(f"DROP TABLE floor_{table}")
    return taken


async def _perform(job: str) -> None:
    database = Database(create_engine(load(), application="jiugai-bench-worker"))
    collect_rarely()
    begun = time.perf_counter()
    await perform({"database": database}, job)
    took = time.perf_counter() - begun
    await database.close()
    # Not getrusage: what a parent once held counts there as the child's.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"seconds": took, "mib": int(peak.split()[1]) / 1024}))


if __name__ == "__main__":
    asyncio.run(_perform(sys.argv[1]))
