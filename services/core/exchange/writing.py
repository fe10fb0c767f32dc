"""What every kind's writer shares: a row as it was read, and the import that it belongs to."""

import itertools
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from services.core.exchange.cells import Cell, Fault, blank, plain
from services.core.exchange.findings import ROW, Finding, Wrong
from services.core.exchange.regions import Place, Regions
from services.core.exchange.tables import Table
from services.core.kit.crypto import FieldCipher
from services.core.kit.scope import Scope
from services.core.territory.rules import HOLDS_COMPOUNDS

if TYPE_CHECKING:
    import asyncpg

# A plan made once for all batches is made for a table that this very import makes grow, the first of a city from nothing: with it
# each batch reads the whole table, row by row against a thousand numbers.
PLAN_ANEW = "SET LOCAL plan_cache_mode = force_custom_plan"
KEEP_PLANS = "SET LOCAL plan_cache_mode = auto"

TOTALS = frozenset({"合计", "总计", "小计", "共计"})


class Outcome(StrEnum):
    """What a good row did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(slots=True)
class Line:
    """One row: what its cells mean by the key of their column, what is wrong with it, what became of it."""

    row: int
    values: dict[str, Any]
    cells: Mapping[int, Cell]
    columns: Mapping[str, int]
    findings: list[Finding] = field(default_factory=list)
    outcome: Outcome = Outcome.UNCHANGED

    def wrong(self, code: str, key: str | None = None, **params: Any) -> None:
        """Notes what is wrong, in the column of that key or with the row as a whole."""
        self.findings.append(Finding(self.row, self.columns.get(key or "", ROW), code, params))


@dataclass(frozen=True, slots=True)
class Importing:
    """The import that rows belong to. `file`: what a figure's source row says of it; `scope`: where rows may land; `deciding`: see
    `facts.service.push`.
    """

    id: UUID
    file: Mapping[str, str | None]
    source: str | None
    scope: Scope
    deciding: Scope
    regions: Regions
    has_region_column: bool

    def place_of(self, line: Line) -> Place | None:
        """The region that a line names, which must hold compounds; None when that is wrong, which the line then says."""
        if not line.values:
            return None  # nothing of it could be read
        if "region" not in line.values and self.has_region_column:
            if all(finding.column != line.columns["region"] for finding in line.findings):
                line.wrong("required", "region")
            return None
        try:
            place = self.regions.named(line.values["region"]) if "region" in line.values else self.regions.root
        except Wrong as wrong:
            line.wrong(wrong.code, "region", **wrong.params)
            return None
        if place.level not in HOLDS_COMPOUNDS:
            line.wrong("region-level", "region")
            return None
        return place

    def origin(self, line: Line) -> dict[str, Any]:
        """Where a figure of this line comes from, as its source row."""
        return {**self.file, "row": line.row}


class Writer(Protocol):
    """Writes lines of one kind. What it refuses, the line says; a refused line has written nothing."""

    async def write(self, lines: Sequence[Line]) -> Sequence[Line]:
        """Takes a batch, wrong lines too; those that are settled now."""
        ...

    async def finish(self) -> Sequence[Line]:
        """No more lines come; those that were not settled before."""
        ...


@asynccontextmanager
async def inserting(driver: "asyncpg.Connection") -> AsyncIterator[None]:
    """For statements that only insert, and read nothing that grows. PostgreSQL checks their foreign keys row by row with statements
    of its own: under PLAN_ANEW each of these is planned anew too, at twice the cost of the row.
    """
    await driver.execute(KEEP_PLANS)
    yield
    await driver.execute(PLAN_ANEW)


def read_line(row: int, cells: Mapping[int, Cell], table: Table) -> Line:
    """What a row's cells mean, or what is wrong with each."""
    line = Line(row, {}, cells, table.columns)
    for cell in itertools.islice(cells.values(), 2):
        if type(cell) is str and "计" in cell and "".join(cell.split()) in TOTALS:
            line.wrong("row-total")
            return line
    values, get = line.values, cells.get
    for number, column in table.known.items():
        cell = get(number)
        if cell is None or blank(cell):
            if column.required:
                line.findings.append(Finding(row, number, "required"))
        elif type(cell) is Fault:
            line.findings.append(Finding(row, number, cell.code))
        else:
            try:
                values[column.key] = column.parse(cell)
            except Wrong as wrong:
                line.findings.append(Finding(row, number, wrong.code, wrong.params))
    if not cells.keys() <= table.header.keys():
        line.findings += [
            Finding(row, number, "column-untitled")
            for number, cell in cells.items()
            if number not in table.header and not blank(cell)
        ]
    return line


def shown(line: Line) -> dict[str, str]:
    """The row as the clerk wrote it, by number of column; for NUL, which no database keeps as text, the mark of what is lost."""
    return {str(number): plain(cell).replace("\0", "\ufffd") for number, cell in line.cells.items() if not blank(cell)}


def seal_row(cipher: FieldCipher, import_id: UUID, row: int, cells: Mapping[str, str]) -> bytes:
    """A row that tells of people, sealed for its place in its import."""
    column = f"cells {row}"
    plain_row = json.dumps(cells, ensure_ascii=False).encode()
    return cipher.seal(plain_row, table="import_bad_row", column=column, row=import_id)


def open_row(cipher: FieldCipher, import_id: UUID, row: int, sealed: bytes) -> dict[str, str]:
    """A row that was sealed."""
    cells: dict[str, str] = json.loads(
        cipher.open(sealed, table="import_bad_row", column=f"cells {row}", row=import_id)
    )
    return cells
