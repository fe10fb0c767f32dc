"""The list of complaints as a file, to count on and to hand round: no names, no numbers, no way to reach anybody."""

import asyncio
import csv
import io
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response

from services.api.hotline.router import Reading, listed
from services.api.hotline.shown import ComplaintItem, ComplaintQuery, item
from services.core.exchange.delimited import guarded
from services.core.hotline.errors import ListTooLong
from services.core.hotline.titles import CHANNEL_TITLES, KIND_TITLES, STATE_TITLES
from services.core.identity.rules import common_path
from services.core.kit.calendar import SHANGHAI
from services.core.kit.uow import Actor, Database
from services.web import sheets

if TYPE_CHECKING:
    import asyncpg

    from services.core.kit.vault import Vault

router = APIRouter(prefix="/v1", tags=["complaints"])
MOST = 10_000
COLUMNS = (
    sheets.Column("编号", "No", 24),
    sheets.Column("受理时间", "Received", 18),
    sheets.Column("渠道", "Channel", 14),
    sheets.Column("类别", "Category", 20),
    sheets.Column("性质", "Kind", 12),
    sheets.Column("隐患", "Hazard", 8),
    sheets.Column("小区", "Compound", 20),
    sheets.Column("摘要（号码隐去）", "Excerpt, numbers hidden", 40),
    sheets.Column("状态", "State", 14),
    sheets.Column("答复期限", "Promised", 18),
    sheets.Column("答复时间", "Answered", 18),
)


class Format(StrEnum):
    """What kind of file."""

    XLSX = "xlsx"
    CSV = "csv"


class ListFile(ComplaintQuery):
    """Which complaints, as which kind of file."""

    format: Format = Format.XLSX


@router.get("/complaint-list", response_class=Response)
async def export_list(request: Request, access: Reading, wanted: Annotated[ListFile, Query()]) -> Response:
    """The same as the list, whole, in both languages; 409 past ten thousand: narrow it. Who takes it is on record."""
    database: Database = request.app.state.database
    actor = Actor(access.principal.kind, access.principal.id, request.scope["request_id"])
    async with database.begin(actor) as uow:
        rows = await listed(uow.driver, access, wanted, after=None, limit=MOST + 1)
        if len(rows) > MOST:
            raise ListTooLong(most=MOST)
        vault, made_at = uow.vault, uow.now
        asked = wanted.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_none=True)
        uow.audit(
            "complaint.list_exported",
            target="complaint_list",
            target_id=None,
            region_path=common_path(access.scope.paths),
            details={"complaints": len(rows), "wanted": asked},
        )
    content, kind = await asyncio.to_thread(_file, vault, rows, wanted.format, made_at)
    name = f'attachment; filename="complaints.{wanted.format}"'
    return Response(content, headers={"Content-Disposition": name, "Cache-Control": "no-store"}, media_type=kind)


def _file(vault: "Vault", rows: "Sequence[asyncpg.Record]", kind: Format, made_at: datetime) -> tuple[bytes, str]:
    lines = [_line(item(vault, row)) for row in rows]
    if kind is Format.XLSX:
        told = sheets.sheet(
            title="诉求清单 Complaints", under="", columns=COLUMNS, rows=lines, foot=(), made_at=made_at
        )
        return told, sheets.MEDIA_TYPE
    file = io.StringIO(newline="")
    write = csv.writer(file)
    write.writerow([f"{column.zh} {column.en}" for column in COLUMNS])
    write.writerows([[guarded(cell) for cell in line] for line in lines])
    return file.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8"


def _line(one: ComplaintItem) -> list[str]:
    return [
        one.no,
        _at(one.created_at),
        " ".join(CHANNEL_TITLES[one.channel]),
        f"{one.category.title_zh} {one.category.title_en}",
        " ".join(KIND_TITLES[one.kind]),
        "是 yes" if one.hazard else "",
        one.compound_name or "",
        one.excerpt or "",
        " ".join(STATE_TITLES[one.state]),
        _at(one.first_promise_at),
        _at(one.answered_at),
    ]


def _at(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
