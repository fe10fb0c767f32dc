"""Reads of files: one, those of a subject, those that the public may see; checks that wait for a person."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, String, Uuid, and_, any_, bindparam, or_, select

from services.core.files.models import ContentCheck, File, FilePart, FileUse
from services.core.files.rules import CheckState, Part
from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.geo import Crs, Place
from services.core.kit.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg

_FILE_ID = File.id == bindparam("file_id", type_=Uuid())
_SUBJECT = and_(
    FileUse.subject_type == bindparam("subject_type", type_=String),
    FileUse.subject_id == bindparam("subject_id", type_=Uuid()),
)
_READY = select(FilePart.file_id).where(FilePart.file_id == File.id, FilePart.part == Part.RENDITION).exists()

FILE = Statement(select(*File.__table__.columns, _READY.label("ready")).where(_FILE_ID, File.deleted_at.is_(None)))

# What a subject is asked about when somebody wants to read a file that is not his own.
USES = Statement(
    select(FileUse.subject_type, FileUse.subject_id, FileUse.public).where(
        FileUse.file_id == bindparam("file_id", type_=Uuid())
    )
)
UNDER_REVIEW = Statement(
    select(ContentCheck.id).where(
        ContentCheck.subject_type == "file",
        ContentCheck.subject_id == bindparam("file_id", type_=Uuid()),
        in_scope(ContentCheck.region_path),
    )
)
PART = Statement(
    select(FilePart.key, FilePart.sha256, FilePart.size, FilePart.media_type, File.id, File.media_type.label("sent_as"))
    .join(File, File.id == FilePart.file_id)
    .where(_FILE_ID, FilePart.part == bindparam("part", type_=String), File.deleted_at.is_(None))
)


def _shown_part(used_by: ColumnElement[bool]) -> Statement:
    return Statement(
        select(
            FilePart.key,
            FilePart.sha256,
            FilePart.size,
            FilePart.media_type,
            File.id,
            File.media_type.label("sent_as"),
        )
        .join(File, File.id == FilePart.file_id)
        .where(
            _FILE_ID,
            FilePart.part == bindparam("part", type_=String),
            FilePart.part != Part.ORIGINAL,
            File.deleted_at.is_(None),
            File.check_state == CheckState.PASSED,
            select(FileUse.file_id).where(FileUse.file_id == File.id, FileUse.public, used_by).exists(),
        )
    )


PUBLIC_PART = _shown_part(FileUse.subject_type == any_(bindparam("everybody", type_=ARRAY(String))))
"""A rendition for everybody. `everybody`: the types of subjects of which that is said."""
SHOWN_PART = _shown_part(_SUBJECT)
"""A rendition that one subject shows, for whoever may see that."""

# What a resident sent and has not gone yet, with what its camera wrote into it; for himself alone.
SENT_BY_RESIDENT = """
SELECT id AS file_id, media_type, size, taken_at, taken_lat, taken_lon, device_taken_at, fix_lat, fix_lon, fix_crs, fix_accuracy,
       created_at
FROM file
WHERE owner_kind = 'resident' AND owner_id = $1 AND deleted_at IS NULL ORDER BY id
"""

# Files of a subject in the order in which they were attached.
OF_SUBJECT = Statement(
    select(
        File.id,
        File.media_type,
        File.size,
        File.width,
        File.height,
        File.taken_at,
        File.check_state,
        FileUse.public,
        FileUse.attached_by_kind,
        FileUse.attached_at,
        _READY.label("ready"),
    )
    .join(FileUse, FileUse.file_id == File.id)
    .where(_SUBJECT, File.deleted_at.is_(None))
    .order_by(FileUse.position, File.id)
)
SHOWN_OF_SUBJECT = Statement(
    select(File.id, File.width, File.height)
    .join(FileUse, FileUse.file_id == File.id)
    .where(_SUBJECT, FileUse.public, File.deleted_at.is_(None), File.check_state == CheckState.PASSED, _READY)
    .order_by(FileUse.position, File.id)
)
"""What is shown of a subject: ids of renditions; for everybody at `/public/files/{file_id}/…` where its type is."""

# Originals of a subject with all that is known of them, a page after a position and id.
EVIDENCE = """
SELECT f.id, f.owner_kind, f.owner_id, f.sha256, f.size, f.media_type, f.taken_at, f.taken_lat, f.taken_lon, f.device_taken_at,
       f.fix_lat, f.fix_lon, f.fix_crs, f.fix_accuracy, f.created_at, u.position, p.key
FROM file_use u JOIN file f ON f.id = u.file_id JOIN file_part p ON p.file_id = f.id AND p.part = 'original'
WHERE u.subject_type = $1 AND u.subject_id = $2 AND f.deleted_at IS NULL AND (u.position, u.file_id) > ($3, $4)
ORDER BY u.position, u.file_id LIMIT $5
"""

COUNT_OF_SUBJECT = """
SELECT count(*) FROM file_use u JOIN file f ON f.id = u.file_id
WHERE u.subject_type = $1 AND u.subject_id = $2 AND f.deleted_at IS NULL
"""


def fix_of(row: "Mapping[str, Any]") -> Place | None:
    """Where the device that sent a file says that it was."""
    return None if row["fix_lat"] is None else Place(row["fix_lat"], row["fix_lon"], Crs(row["fix_crs"]))


def camera_place(row: "Mapping[str, Any]") -> Place | None:
    """Where a file itself says that it was taken (EXIF)."""
    return None if row["taken_lat"] is None else Place(row["taken_lat"], row["taken_lon"], Crs.WGS84)


# A text that was never asked about is staff's own, and stands on their word.
TEXT_STATE = Statement(
    select(ContentCheck.state).where(
        ContentCheck.subject_type == bindparam("subject_type", type_=String),
        ContentCheck.subject_id == bindparam("subject_id", type_=Uuid()),
    )
)


async def text_may_be_shown(connection: "asyncpg.Connection", *, subject_type: str, subject_id: UUID) -> bool:
    """Whether the public may read a text: it passed, or was not a resident's."""
    row = await TEXT_STATE.first(connection, subject_type=subject_type, subject_id=subject_id)
    return row is None or row["state"] == CheckState.PASSED


_CHECK = (
    ContentCheck.id,
    ContentCheck.kind,
    ContentCheck.subject_type,
    ContentCheck.subject_id,
    ContentCheck.region_path,
    ContentCheck.state,
    ContentCheck.asked_at,
    ContentCheck.label,
    ContentCheck.decided_at,
    ContentCheck.decided_by,
    ContentCheck.reason,
    ContentCheck.version,
)
_STATE = bindparam("state", type_=String)
CHECKS = Statement(
    select(*_CHECK)
    .where(
        in_scope(ContentCheck.region_path),
        or_(_STATE.is_(None), ContentCheck.state == _STATE),
        ContentCheck.id > bindparam("after", type_=Uuid()),
    )
    .order_by(ContentCheck.id)
    .limit(bindparam("limit"))
)
_CHECK_ID = ContentCheck.id == bindparam("check_id", type_=Uuid())
CHECK = Statement(select(*_CHECK, ContentCheck.text_sealed).where(_CHECK_ID, in_scope(ContentCheck.region_path)))
CHECK_LOCKED = Statement(
    select(*_CHECK, ContentCheck.text_sealed)
    .where(_CHECK_ID, in_scope(ContentCheck.region_path))
    .with_for_update(of=ContentCheck)
)


async def check_in(
    connection: "asyncpg.Connection", *, check_id: UUID, scope: Scope, lock: bool = False
) -> "asyncpg.Record":
    """One check of the scope; NotFound."""
    statement = CHECK_LOCKED if lock else CHECK
    row = await statement.first(connection, check_id=check_id, scope_lows=scope.lows, scope_highs=scope.highs)
    if row is None:
        raise NotFound
    return row


def must_match(row: "asyncpg.Record", version: int) -> None:
    """VersionStale unless the record is as the caller read it."""
    if row["version"] != version:
        raise VersionStale
