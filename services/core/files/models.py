"""Tables of files: what was sent, what is kept of it, what uses it, and how its content was judged."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.files.rules import CheckKind, CheckState, Media, Part, UploadState
from services.core.kit.database import Base, Keyed
from services.core.kit.geo import Crs

WORD = String(20)
PATH = String(255, collation="C")


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint("{} IN ({})".format(column, ", ".join(f"'{word}'" for word in words)), name=column)


def _told() -> tuple[CheckConstraint, ...]:
    """What a device may say beside a file."""
    return (
        _one_of("fix_crs", Crs),
        CheckConstraint("num_nulls(fix_lat, fix_lon, fix_crs) IN (0, 3)", name="fix"),
        CheckConstraint("fix_accuracy IS NULL OR (fix_accuracy >= 0 AND fix_lat IS NOT NULL)", name="fix_accuracy"),
    )


class File(Keyed, Base):
    """A file that somebody sent. Its name is not kept: people put names of people there.

    `taken_at`, `taken_lat`, `taken_lon`: what the camera wrote into it (EXIF; WGS-84), read out because renditions lose it.
    The file says so; that proves little. `device_…`, `fix_…`: what the device that sent it says beside it, which proves no more:
    when by its clock, where by its receiver (as given, with its system), and within how many metres it takes that to be true.
    `project_id`: on whose account it is kept. `expires_at`: when it goes unless something uses it; None once something does.
    """

    __tablename__ = "file"
    __table_args__ = (
        CheckConstraint("owner_kind IN ('staff', 'client', 'resident')", name="owner_kind"),
        _one_of("media_type", Media),
        _one_of("check_state", CheckState),
        CheckConstraint("num_nulls(taken_lat, taken_lon) IN (0, 2)", name="taken_place"),
        *_told(),
        Index(
            "ix_file_project_id",
            "project_id",
            postgresql_include=["size"],
            postgresql_where=text("project_id IS NOT NULL AND deleted_at IS NULL"),
        ),
        CheckConstraint(
            "num_nulls(width, height) = CASE media_type WHEN 'application/pdf' THEN 2 ELSE 0 END", name="size"
        ),
        Index(
            "uq_file_owner_sha256",
            "owner_id",
            "sha256",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_file_owner_created_at", "owner_id", "created_at"),
        Index(
            "ix_file_expires_at",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL AND deleted_at IS NULL"),
        ),
    )

    owner_kind: Mapped[str] = mapped_column(String(10))
    owner_id: Mapped[UUID]
    sha256: Mapped[str] = mapped_column(String(64, collation="C"))
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(40))
    width: Mapped[int | None]
    height: Mapped[int | None]
    taken_at: Mapped[datetime | None]
    taken_lat: Mapped[float | None] = mapped_column(Double)
    taken_lon: Mapped[float | None] = mapped_column(Double)
    device_taken_at: Mapped[datetime | None]
    fix_lat: Mapped[float | None] = mapped_column(Double)
    fix_lon: Mapped[float | None] = mapped_column(Double)
    fix_crs: Mapped[str | None] = mapped_column(String(10))
    fix_accuracy: Mapped[float | None] = mapped_column(Double)
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("project.id"))
    check_state: Mapped[str] = mapped_column(WORD)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class FilePart(Base):
    """A blob in the storage: the original, or what was made of it. A blob that no row names here is swept."""

    __tablename__ = "file_part"
    __table_args__ = (_one_of("part", Part), UniqueConstraint("key"))

    file_id: Mapped[UUID] = mapped_column(ForeignKey("file.id"), primary_key=True)
    part: Mapped[str] = mapped_column(WORD, primary_key=True)
    key: Mapped[str] = mapped_column(String(120, collation="C"))
    sha256: Mapped[str] = mapped_column(String(64, collation="C"))
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(40))


class FileUse(Base):
    """Something uses a file: a complaint, a reply, a visit. `public`: its rendition is shown to whom the subject is, once checked:
    to everybody, or of a complaint to who has its code.
    """

    __tablename__ = "file_use"
    __table_args__ = (Index("ix_file_use_subject", "subject_type", "subject_id", "position"),)

    file_id: Mapped[UUID] = mapped_column(ForeignKey("file.id"), primary_key=True)
    subject_type: Mapped[str] = mapped_column(String(50), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int]
    public: Mapped[bool]
    attached_by_kind: Mapped[str] = mapped_column(String(20))
    attached_by: Mapped[UUID | None]
    attached_at: Mapped[datetime]


class Upload(Keyed, Base):
    """A file that arrives in pieces (tus 1.0). `received`: how many of its `length` bytes are kept.

    `metadata_sealed`: the header Upload-Metadata as it came, which the sender gets back; people put names of people there. What is
    needed of it stands beside: the suffix of the name, the digest that the content must have, what the device says.
    """

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("owner_kind IN ('staff', 'client', 'resident')", name="owner_kind"),
        _one_of("state", UploadState),
        CheckConstraint("received BETWEEN 0 AND length", name="received"),
        CheckConstraint("(state = 'done') = (file_id IS NOT NULL)", name="file_id"),
        CheckConstraint(
            "num_nulls(refused_zh, refused_en) = CASE state WHEN 'refused' THEN 0 ELSE 2 END", name="refused"
        ),
        *_told(),
        Index("ix_upload_owner_created_at", "owner_id", "created_at"),
        Index("ix_upload_project_id", "project_id", postgresql_where=text("project_id IS NOT NULL")),
        Index("ix_upload_expires_at", "expires_at"),
    )

    owner_kind: Mapped[str] = mapped_column(String(10))
    owner_id: Mapped[UUID]
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("project.id"))
    length: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger)
    pieces: Mapped[int]
    state: Mapped[str] = mapped_column(WORD)
    metadata_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    suffix: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str | None] = mapped_column(String(64, collation="C"))
    device_taken_at: Mapped[datetime | None]
    fix_lat: Mapped[float | None] = mapped_column(Double)
    fix_lon: Mapped[float | None] = mapped_column(Double)
    fix_crs: Mapped[str | None] = mapped_column(String(10))
    fix_accuracy: Mapped[float | None] = mapped_column(Double)
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    refused_zh: Mapped[str | None] = mapped_column(String(200))
    refused_en: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class UploadPiece(Base):
    """Bytes of an upload, from `start` on, as one blob. The piece that is the whole file becomes its original as it lies."""

    __tablename__ = "upload_piece"
    __table_args__ = (UniqueConstraint("key"),)

    upload_id: Mapped[UUID] = mapped_column(ForeignKey("upload.id"), primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(120, collation="C"))


class FileExpected(Base):
    """A record names a file by its SHA-256 before the file is there, or after: whichever comes second joins them.

    Only a file of whoever named it counts: to know a digest is not to own the content. `file_id`: the file, once it is there.
    """

    __tablename__ = "file_expected"
    __table_args__ = (
        CheckConstraint("owner_kind IN ('staff', 'client', 'resident')", name="owner_kind"),
        CheckConstraint("(file_id IS NULL) = (met_at IS NULL)", name="met"),
        Index("ix_file_expected_owner", "owner_id", "sha256", postgresql_where=text("file_id IS NULL")),
    )

    subject_type: Mapped[str] = mapped_column(String(50), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64, collation="C"), primary_key=True)
    position: Mapped[int]
    region_path: Mapped[str] = mapped_column(PATH)
    owner_kind: Mapped[str] = mapped_column(String(10))
    owner_id: Mapped[UUID]
    expected_at: Mapped[datetime]
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    met_at: Mapped[datetime | None]


class ContentCheck(Keyed, Base):
    """A text or photograph that residents sent, on its way to being fit for the public. Never stands in the way of handling it.

    An image's subject is its file. `region_path`: of what used it first, as it was then: who reviews it. `look_at`: when the worker
    looks next, to ask, to ask again, or to find that no answer came; None once it is out of the machine's hands. A text is sealed,
    and gone when the check is over.
    """

    __tablename__ = "content_check"
    __table_args__ = (
        _one_of("kind", CheckKind),
        _one_of("state", CheckState),
        CheckConstraint("(state = 'pending') = (look_at IS NOT NULL)", name="look_at"),
        CheckConstraint("kind = 'text' OR text_sealed IS NULL", name="text"),
        UniqueConstraint("subject_type", "subject_id"),
        Index("ix_content_check_look_at", "look_at", postgresql_where=text("look_at IS NOT NULL")),
        Index("ix_content_check_state", "state", "region_path", "id"),
        Index("uq_content_check_trace_id", "trace_id", unique=True, postgresql_where=text("trace_id IS NOT NULL")),
        Index("uq_content_check_link", "link", unique=True, postgresql_where=text("link IS NOT NULL")),
    )

    kind: Mapped[str] = mapped_column(WORD)
    subject_type: Mapped[str] = mapped_column(String(50))
    subject_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    resident_id: Mapped[UUID | None] = mapped_column(ForeignKey("resident.id"))
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(WORD)
    asked_at: Mapped[datetime]
    look_at: Mapped[datetime | None]
    trace_id: Mapped[str | None] = mapped_column(String(128, collation="C"))
    link: Mapped[str | None] = mapped_column(String(64, collation="C"))
    label: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(String(2000))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
