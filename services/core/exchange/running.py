"""Carrying out an import, in one transaction: what it writes is there whole or not at all, however often a worker is killed.

A dry run, and an import that takes all rows or none and met a bad one, do the very same and undo it: what they find is what
the real run would find. How far it has come is shown meanwhile by short transactions of their own.
"""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import insert, update

from services.core.exchange import queries, regions
from services.core.exchange.ballots import BallotWriter
from services.core.exchange.compounds import CompoundWriter
from services.core.exchange.events import ImportFinished
from services.core.exchange.findings import FileRefused, Finding, refused
from services.core.exchange.forms import FORMS, PERSONAL, Form, ImportKind
from services.core.exchange.models import OVER, DataImport, ImportBadRow, ImportFinding, ImportMode, ImportState
from services.core.exchange.projects import ProjectWriter, QuantityWriter
from services.core.exchange.rolls import RollWriter
from services.core.exchange.tables import Table, open_table
from services.core.exchange.writing import PLAN_ANEW, Importing, Line, Outcome, Writer, read_line, seal_row, shown
from services.core.identity.access import Permission
from services.core.identity.queries import principal_now
from services.core.kit.scope import Scope
from services.core.kit.uow import Actor, UnitOfWork

if TYPE_CHECKING:
    import asyncpg

BATCH = 1000
MAX_KEPT = 10_000
"""Most bad rows, and most findings, that are kept; beyond they are counted."""

SHOWING_SECONDS = 2
WRITERS: dict[ImportKind, type[CompoundWriter | ProjectWriter | QuantityWriter | RollWriter | BallotWriter]] = {
    ImportKind.COMPOUNDS: CompoundWriter,
    ImportKind.PROJECTS: ProjectWriter,
    ImportKind.QUANTITIES: QuantityWriter,
    ImportKind.PROPERTIES: RollWriter,
    ImportKind.BALLOTS: BallotWriter,
}

# Imports into one region take turns, also with those into a region above or below: a name that two files enter at once, without a
# number, has no constraint to decide. Beside each other they do not wait. Always from the top down.
TAKE_TURNS = """
SELECT CASE WHEN path = $1 THEN pg_advisory_xact_lock(hashtextextended('import ' || path, 0))
            ELSE pg_advisory_xact_lock_shared(hashtextextended('import ' || path, 0)) END
FROM unnest($2::text[]) WITH ORDINALITY AS x(path, level) ORDER BY level
"""
# From here on whoever asks to stop waits, and then hears that the import is over.
LAST_WORD = "SELECT cancel_asked_at FROM data_import WHERE id = $1 FOR UPDATE"


class _Stopped(Exception):
    """Somebody asked for it."""


class _Undone(Exception):
    """What was written is not to stay."""


class Report:
    """What has become of the rows so far."""

    def __init__(self) -> None:
        self.read = self.bad = self.found = 0
        self.outcomes: dict[Outcome, int] = dict.fromkeys(Outcome, 0)
        self.findings: list[Finding] = []
        self.bad_rows: dict[int, dict[str, str]] = {}
        self.sheet: str | None = None
        self.header: dict[str, str] | None = None

    def take(self, lines: Sequence[Line]) -> None:
        """Counts lines that are settled."""
        for line in lines:
            if line.findings:
                self.bad += 1
                self._keep(line.findings)
                if len(self.bad_rows) < MAX_KEPT:
                    self.bad_rows[line.row] = shown(line)
            else:
                self.outcomes[line.outcome] += 1

    def refuse(self, findings: Sequence[Finding]) -> None:
        """The file as a whole was refused."""
        self._keep(findings)

    def _keep(self, findings: Sequence[Finding]) -> None:
        self.found += len(findings)
        self.findings += findings[: MAX_KEPT - len(self.findings)]

    @property
    def counts(self) -> dict[str, int]:
        """The counts by column."""
        by_outcome = {str(outcome): count for outcome, count in self.outcomes.items()}
        return {"rows_read": self.read, "rows_bad": self.bad, "findings": self.found, **by_outcome}


async def run(uow: UnitOfWork, *, import_id: UUID) -> None:
    """The import is over: done, refused or cancelled. One that is over stays as it is.

    Any error that is not the file's is shown and raised, to be tried again from the beginning; so is being cancelled by a
    time-out.
    """
    found = await queries.TO_RUN.first(uow.driver, import_id=import_id)
    if found is None or found["state"] in OVER:
        return
    uow.actor = Actor(found["made_by_kind"], found["made_by"], uow.actor.request_id)
    await _show(uow, import_id, state=ImportState.RUNNING, started_at=uow.now, failure=None, **Report().counts)
    try:
        await _run(uow, import_id, found)
    except Exception as error:
        await _show(uow, import_id, state=ImportState.FAILED, failure=type(error).__name__)
        raise
    except asyncio.CancelledError as stopped:
        # Bounded: had the last statement come through, this very transaction would hold the row until it is rolled back.
        with suppress(TimeoutError):
            async with asyncio.timeout(SHOWING_SECONDS):
                await _show(uow, import_id, state=ImportState.FAILED, failure=type(stopped).__name__)
        raise


async def _run(uow: UnitOfWork, import_id: UUID, found: "asyncpg.Record") -> None:
    report = Report()
    state = ImportState.DONE
    try:
        async with uow.driver.transaction():
            state = await _tried(uow, import_id, found, report)
            await uow.flush()  # what it told so far is undone with it
            if await uow.driver.fetchval(LAST_WORD, import_id):
                state = ImportState.CANCELLED
            if state is not ImportState.DONE or found["dry_run"]:
                raise _Undone
    except _Undone:
        uow.session.expunge_all()
    else:
        outcomes = report.outcomes
        uow.record(
            ImportFinished(
                created=outcomes[Outcome.CREATED],
                changed=outcomes[Outcome.CHANGED],
                unchanged=outcomes[Outcome.UNCHANGED],
                rows_bad=report.bad,
            ),
            subject="import",
            subject_id=import_id,
            region_path=found["region_path"],
        )
    await _close(uow, import_id, state, report, sealing=found["kind"] in PERSONAL)


async def _tried(uow: UnitOfWork, import_id: UUID, found: "asyncpg.Record", report: Report) -> ImportState:
    try:
        form = FORMS[ImportKind(found["kind"])]
        deciding = await _allowed(uow, found, form)
        content = found["content"]
        if found["kind"] in PERSONAL:
            content = uow.vault.cipher.open(content, table="import_file", column="content", row=import_id)
        table = await asyncio.to_thread(open_table, content, form)
        report.sheet, report.header = table.sheet, {str(number): title for number, title in table.header.items()}
        await _write(uow, import_id, found, table, report, deciding)
    except FileRefused as refusal:
        report.refuse(refusal.findings)
        return ImportState.REFUSED
    except _Stopped:
        return ImportState.CANCELLED
    refused = report.bad and found["mode"] == ImportMode.ALL_OR_NOTHING
    return ImportState.REFUSED if refused else ImportState.DONE


async def _allowed(uow: UnitOfWork, found: "asyncpg.Record", form: Form) -> bool:
    """Whether who sent the file may still replace what others recorded. FileRefused when he may no longer import it at all: a grant
    may end, or an account be disabled, while a file waits.
    """
    if found["made_by"] is None:
        return bool(found["may_decide"])
    sender = await principal_now(uow.driver, kind=found["made_by_kind"], principal_id=found["made_by"])
    if not all(sender.scope(one).covers(found["region_path"]) for one in (Permission.IMPORT_WRITE, *form.needs)):
        raise refused("sender-not-allowed")
    return bool(found["may_decide"]) and sender.scope(Permission.DISCREPANCY_ADJUDICATE).covers(found["region_path"])


async def _write(
    uow: UnitOfWork, import_id: UUID, found: "asyncpg.Record", table: Table, report: Report, deciding: bool
) -> None:
    path = found["region_path"]
    most = FORMS[ImportKind(found["kind"])].most_rows
    above = [path[: end + 1] for end, mark in enumerate(path) if mark == "."]
    await uow.driver.execute(TAKE_TURNS, path, above)
    await uow.driver.execute(PLAN_ANEW)
    scope = Scope((path,))
    importing = Importing(
        id=import_id,
        file={"import": str(import_id), "file": found["file_name"], "sheet": table.sheet},
        source=found["source"],
        scope=scope,
        deciding=scope if deciding else Scope(),
        regions=await regions.load(uow.driver, region_id=found["region_id"], scope=scope),
        has_region_column="region" in table.columns,
    )
    writer: Writer = WRITERS[ImportKind(found["kind"])](uow, importing)
    batches = _batches(table)
    following = asyncio.create_task(asyncio.to_thread(next, batches, None))
    try:
        while lines := await following:
            # The next batch is read while the database works on this one.
            following = asyncio.create_task(asyncio.to_thread(next, batches, None))
            report.read += len(lines)
            if report.read > most:
                raise refused("too-many-rows", rows=most)
            report.take(await writer.write(lines))
            await uow.flush()
            await _progress(uow, import_id, report)
    finally:
        await asyncio.gather(following, return_exceptions=True)  # nobody leaves while it is still reading
    report.take(await writer.finish())


def _batches(table: Table) -> Iterator[list[Line]]:
    lines = (read_line(row, cells, table) for row, cells in table.rows)
    while batch := list(itertools.islice(lines, BATCH)):
        yield batch


async def _close(uow: UnitOfWork, import_id: UUID, state: ImportState, report: Report, *, sealing: bool) -> None:
    """Findings and final counts, in the transaction of what was written; bad rows that tell of people are sealed."""
    if report.findings:
        await uow.connection.execute(
            insert(ImportFinding),
            [
                {
                    "import_id": import_id,
                    "position": position,
                    "row": finding.row,
                    "column": finding.column,
                    "code": finding.code,
                    "params": dict(finding.params),
                }
                for position, finding in enumerate(sorted(report.findings, key=lambda one: (one.row, one.column)))
            ],
        )
    if report.bad_rows:
        await uow.connection.execute(
            insert(ImportBadRow),
            [
                {
                    "import_id": import_id,
                    "row": row,
                    **(
                        {"cells_sealed": seal_row(uow.vault.cipher, import_id, row, cells)}
                        if sealing
                        else {"cells": cells}
                    ),
                }
                for row, cells in report.bad_rows.items()
            ],
        )
    await uow.connection.execute(
        update(DataImport)
        .where(DataImport.id == import_id)
        .values(
            state=state, finished_at=uow.now, failure=None, sheet=report.sheet, header=report.header, **report.counts
        )
    )


async def _progress(uow: UnitOfWork, import_id: UUID, report: Report) -> None:
    """Shows the counts so far; raises when somebody asked for it."""
    if await _show(uow, import_id, **report.counts):
        raise _Stopped


async def _show(uow: UnitOfWork, import_id: UUID, **values: object) -> bool:
    """Tells the world at once, whatever becomes of the unit of work; whether somebody has asked to stop."""
    async with uow.connection.engine.begin() as aside:
        asked = await aside.scalar(
            update(DataImport)
            .where(DataImport.id == import_id, DataImport.state.not_in(OVER))
            .values(**values)
            .returning(DataImport.cancel_asked_at)
        )
    return asked is not None
