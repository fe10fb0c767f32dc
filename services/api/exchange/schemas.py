"""Bodies of imports and exports."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import In, Source
from services.core.exchange.forms import ImportKind
from services.core.exchange.models import ImportMode, ImportState


class FileFormat(StrEnum):
    """How a file is written."""

    XLSX = "xlsx"
    CSV = "csv"


class ExportKind(StrEnum):
    """What can be exported: every kind that is imported, and the discrepancies of a region."""

    COMPOUNDS = "compounds"
    PROJECTS = "projects"
    QUANTITIES = "quantities"
    PROPERTIES = "properties"
    BALLOTS = "ballots"
    DISCREPANCIES = "discrepancies"


class ImportIn(In):
    """The fields beside the file. `source`: who says so, for rows that name no source."""

    kind: ImportKind
    region: UUID
    mode: ImportMode = ImportMode.ALL_OR_NOTHING
    dry_run: bool = False
    source: Source | None = None


class ImportQuery(BaseModel):
    """Which imports to list."""

    region: UUID | None = None
    kind: ImportKind | None = None
    state: ImportState | None = None


class ImportOut(BaseModel):
    """An import. Counts grow while it works; `same_as` is an earlier import of the very same file that went through.

    In a dry run, and in a refused import, `created`, `changed` and `unchanged` tell what the good rows would have done.
    """

    id: UUID
    kind: ImportKind
    region_id: UUID
    region_name: str
    mode: ImportMode
    dry_run: bool
    source: str | None
    file_name: str
    file_sha256: str
    file_bytes: int
    same_as: UUID | None
    state: ImportState
    sheet: str | None
    rows_read: int
    rows_bad: int
    created: int
    changed: int
    unchanged: int
    findings: int
    failure: str | None
    made_by: UUID | None
    made_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_asked_at: datetime | None
    file_deleted_at: datetime | None = Field(
        description="原文件及错误行到保存期限删除的时间 When the file and the rows copied from it were deleted, in due time"
    )


class ImportPage(BaseModel):
    """Imports, the newest first."""

    items: list[ImportOut]
    next_cursor: str | None
    has_more: bool


class FindingOut(BaseModel):
    """One thing wrong, in the caller's language. Without a row it is the file; without a column, the row as a whole."""

    row: Annotated[int | None, Field(examples=[12])]
    column: Annotated[str | None, Field(examples=["AA"])]
    header: str | None
    code: str
    detail: str


class FindingPage(BaseModel):
    """What was wrong, by row and column."""

    items: list[FindingOut]
    next_cursor: str | None
    has_more: bool
