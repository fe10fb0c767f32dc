"""Files that go out: forms to fill in, bad rows to mend, exports. None is ever held in memory whole, however long it is."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import closing
from typing import IO, TYPE_CHECKING
from uuid import UUID

from fastapi import Response
from fastapi.responses import StreamingResponse

from services.api.exchange.schemas import ExportKind, FileFormat
from services.core.exchange import exporting, files, queries
from services.core.exchange.findings import told
from services.core.exchange.forms import Form
from services.core.exchange.pages import Export, Reading, Value
from services.core.exchange.regions import Regions
from services.core.exchange.rolls_export import People
from services.core.exchange.tables import REASONS
from services.core.exchange.writing import open_row
from services.core.kit.crypto import FieldCipher

if TYPE_CHECKING:
    import asyncpg

IN_MEMORY = 2**20
CHUNK = 2**16
ROWS = 500


def _headers(name: str, kind: FileFormat) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}.{kind}"', "Cache-Control": "no-store"}


def _media_type(kind: FileFormat) -> str:
    return files.XLSX if kind is FileFormat.XLSX else files.CSV


def template(form: Form, kind: FileFormat) -> Response:
    """An empty form."""
    if kind is FileFormat.CSV:
        body = files.csv_template(form)
    else:
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as target:
            files.xlsx_template(target, form)
            target.seek(0)
            body = target.read()
    return Response(body, headers=_headers(f"{form.kind}-template", kind), media_type=_media_type(kind))


async def bad_rows(
    reader: "asyncpg.Connection", found: "asyncpg.Record", *, cipher: FieldCipher, chinese: bool
) -> Response:
    """The bad rows of an import, under the clerk's own titles, with a column of reasons."""
    header = {int(number): title for number, title in (found["header"] or {}).items()}
    columns = [number for number in sorted(header) if header[number] != REASONS]
    target = _target()
    book = files.Book(
        target, sheet=found["sheet"] or found["kind"], titles=[*(header[one] for one in columns), REASONS]
    )
    after = 0
    while rows := await queries.BAD_ROWS.all(reader, import_id=found["id"], after=after, limit=ROWS):
        after = rows[-1]["row"]
        why: dict[int, list[str]] = {}
        for one in await queries.FINDINGS_OF_ROWS.all(reader, import_id=found["id"], first=rows[0]["row"], last=after):
            said = told(one["code"], one["params"], chinese=chinese)
            title = header.get(one["column"], "").partition("\n")[0]
            why.setdefault(one["row"], []).append(f"{title}：{said}" if title else said)
        lines: list[list[Value]] = [
            [*(cells.get(str(number)) for number in columns), "；".join(why.get(row, ()))]
            for row, cells in ((row["row"], _cells(row, cipher, found["id"])) for row in rows)
        ]
        await asyncio.to_thread(book.rows, lines)
    return await _sent(book, target, "errors")


def _cells(row: "asyncpg.Record", cipher: FieldCipher, import_id: UUID) -> dict[str, str]:
    if row["cells_sealed"] is not None:
        return open_row(cipher, import_id, row["row"], row["cells_sealed"])
    cells: dict[str, str] = row["cells"]
    return cells


async def export(
    kind: ExportKind, form: FileFormat, *, reading: Reading, region_path: str, places: Regions, people: People
) -> Response:
    """An export of a region."""
    table = exporting.export(str(kind), reading=reading, region_path=region_path, places=places, people=people)
    return await written(table, form, name=kind)


async def written(table: Export, form: FileFormat, *, name: str) -> Response:
    """A table as a file. CSV leaves as it is read; XLSX, whose directory stands at its end, once its file is complete."""
    if form is FileFormat.CSV:
        return StreamingResponse(_lines(table), headers=_headers(name, form), media_type=files.CSV)
    target = _target()
    book = files.Book(target, sheet=name, titles=table.titles)
    async for rows in table.pages:
        await asyncio.to_thread(book.rows, rows)
    return await _sent(book, target, name)


async def _lines(table: Export) -> AsyncIterator[bytes]:
    yield files.csv_head(table.titles)
    async for rows in table.pages:
        yield files.csv_rows(rows)


def _target() -> IO[bytes]:
    return tempfile.TemporaryFile()


async def _sent(book: files.Book, target: IO[bytes], name: str) -> Response:
    await asyncio.to_thread(book.close)
    target.seek(0)
    return StreamingResponse(_chunks(target), headers=_headers(name, FileFormat.XLSX), media_type=files.XLSX)


async def _chunks(target: IO[bytes]) -> AsyncIterator[bytes]:
    with closing(target):
        while chunk := await asyncio.to_thread(target.read, CHUNK):
            yield chunk
