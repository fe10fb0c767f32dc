"""Tables of imports: each file that was sent, what became of it, what was wrong with it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.exchange.forms import ImportKind
from services.core.kit.database import Base, Keyed


class ImportMode(StrEnum):
    """Whether one bad row keeps the good ones out."""

    ALL_OR_NOTHING = "all_or_nothing"
    GOOD_ROWS = "good_rows"


class ImportState(StrEnum):
    """Where an import stands. `refused`: nothing was written, the findings say why. `failed`: not the file's fault."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    FAILED = "failed"


OVER = frozenset({ImportState.DONE, ImportState.REFUSED, ImportState.CANCELLED})


def _words(column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(word)) for word in words)})", name=column)


class DataImport(Keyed, Base):
    """One file sent to be imported below a region. Its counts are shown while it works; they are final when it is over.

    `may_decide`: whoever sent it may replace figures that another recorded (see `facts.service.push`).
    `same_as`: an earlier import of the very same file into the same place that was carried through.
    """

    __tablename__ = "data_import"
    __table_args__ = (
        _words("kind", ImportKind),
        _words("mode", ImportMode),
        _words("state", ImportState),
        Index("ix_data_import_region_path", "region_path", "id"),
        Index("ix_data_import_file", "file_sha256", "region_id", "kind"),
        Index("ix_data_import_state", "state", "id"),
        Index("ix_data_import_kept", "made_at", postgresql_where=text("file_deleted_at IS NULL")),
    )

    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    kind: Mapped[str] = mapped_column(String(20))
    mode: Mapped[str] = mapped_column(String(20))
    dry_run: Mapped[bool]
    source: Mapped[str | None] = mapped_column(String(200))
    file_name: Mapped[str] = mapped_column(String(200))
    file_sha256: Mapped[str] = mapped_column(String(64))
    file_bytes: Mapped[int]
    same_as: Mapped[UUID | None] = mapped_column(ForeignKey("data_import.id"))
    may_decide: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10), default=ImportState.QUEUED)
    sheet: Mapped[str | None] = mapped_column(String(100))
    header: Mapped[dict[str, Any] | None]
    rows_read: Mapped[int] = mapped_column(default=0)
    rows_bad: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    findings: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(String(100))
    made_by_kind: Mapped[str] = mapped_column(String(20))
    made_by: Mapped[UUID | None]
    made_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_asked_at: Mapped[datetime | None]
    file_deleted_at: Mapped[datetime | None]


class ImportFile(Base):
    """The file itself, kept for as long as `import_file_days` says so that a figure can be traced to its row."""

    __tablename__ = "import_file"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("data_import.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportFinding(Base):
    """One thing wrong with a file: code and parameters, told in the reader's language. Row 0: the file; column 0: the row."""

    __tablename__ = "import_finding"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("data_import.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    row: Mapped[int]
    column: Mapped[int]
    code: Mapped[str] = mapped_column(String(50))
    params: Mapped[dict[str, Any]]


class ImportBadRow(Base):
    """A row that was not taken, as the clerk wrote it, by column; sealed where rows tell of people."""

    __tablename__ = "import_bad_row"
    __table_args__ = (CheckConstraint("(cells IS NULL) <> (cells_sealed IS NULL)", name="cells"),)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("data_import.id"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cells: Mapped[dict[str, Any] | None]
    cells_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
