"""Use cases of files: taking one in, attaching it to what it is about, letting it go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.core.files import expecting
from services.core.files.events import FileSent
from services.core.files.jobs import MakeRenditions
from services.core.files.quotas import Account, Quota, must_have_room, take_turn
from services.core.files.rules import PHOTOS, UNUSED_FOR, CheckState, Media, Part
from services.core.kit.errors import NotFound
from services.core.kit.geo import Place
from services.core.kit.ids import new_id
from services.core.kit.storage import Blob, one
from services.core.kit.uow import UnitOfWork

SAME = """
UPDATE file SET expires_at = CASE WHEN expires_at IS NOT NULL THEN $3::timestamptz END
WHERE owner_id = $1 AND sha256 = $2 AND deleted_at IS NULL RETURNING id
"""
ADD = """
WITH added AS (
  INSERT INTO file (id, owner_kind, owner_id, sha256, size, media_type, width, height, taken_at, taken_lat, taken_lon, check_state,
                    created_at, expires_at, device_taken_at, fix_lat, fix_lon, fix_crs, fix_accuracy, project_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $17, $18, $19, $20, $21, $22))
INSERT INTO file_part (file_id, part, key, sha256, size, media_type) VALUES ($1, $15, $16, $4, $5, $6)
"""
# One statement, for it stands in every intake. A resident's photograph is asked about when it is first used, not before: what is
# never used is nobody's concern, and WeChat answers only for who was there within two hours.
ATTACH = """
WITH mine AS (
  UPDATE file SET expires_at = NULL FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS given(id, check_id, position)
  WHERE file.id = given.id AND owner_kind = $3 AND owner_id = $4 AND deleted_at IS NULL
  RETURNING file.id, check_state, check_id, position),
asked AS (
  INSERT INTO content_check (id, kind, subject_type, subject_id, region_path, resident_id, state, asked_at, look_at)
  SELECT check_id, 'image', 'file', id, $7, $4, 'pending', $9, $9 FROM mine WHERE check_state = 'pending'
  ON CONFLICT (subject_type, subject_id) DO NOTHING),
used AS (
  INSERT INTO file_use (file_id, subject_type, subject_id, position, public, attached_by_kind, attached_by, attached_at)
  SELECT id, $5, $6, position, $8, $3, $4, $9 FROM mine
  ON CONFLICT (file_id, subject_type, subject_id) DO UPDATE SET public = EXCLUDED.public)
SELECT count(*) FROM mine
"""
SHARE = """
INSERT INTO file_use (file_id, subject_type, subject_id, position, public, attached_by_kind, attached_by, attached_at)
SELECT file_id, $3, $4, position, public, $6, $7, $8 FROM file_use
WHERE subject_type = $1 AND subject_id = $2 AND file_id = ANY ($5::uuid[])
ON CONFLICT (file_id, subject_type, subject_id) DO NOTHING
"""
HELD = "SELECT count(*) FROM file_use WHERE subject_type = $1 AND subject_id = $2 AND file_id = ANY ($3::uuid[])"
SHOW = """
UPDATE file_use SET public = $4 WHERE subject_type = $1 AND subject_id = $2 AND file_id = $3 RETURNING file_id
"""
# What nothing else uses goes with the next sweep.
RELEASE = """
WITH gone AS (DELETE FROM file_use WHERE subject_type = $1 AND subject_id = ANY ($2::uuid[]) RETURNING file_id),
named AS (DELETE FROM file_expected WHERE subject_type = $1 AND subject_id = ANY ($2::uuid[]))
UPDATE file SET expires_at = $3 FROM gone
WHERE file.id = gone.file_id AND deleted_at IS NULL AND NOT EXISTS (
  SELECT FROM file_use u WHERE u.file_id = file.id AND NOT (u.subject_type = $1 AND u.subject_id = ANY ($2::uuid[])))
"""
ASK_TEXT = """
INSERT INTO content_check (id, kind, subject_type, subject_id, region_path, resident_id, text_sealed, state, asked_at, look_at)
VALUES ($1, 'text', $2, $3, $4, $5, $6, $7, $8, $9)
"""


@dataclass(frozen=True, slots=True)
class Examined:
    """A file as it was found to be (`examining.examine`)."""

    content: bytes
    sha256: str
    media: Media
    width: int | None = None
    height: int | None = None
    taken_at: datetime | None = None
    taken_place: tuple[float, float] | None = None  # latitude, longitude, WGS-84


@dataclass(frozen=True, slots=True)
class Told:
    """What the device says of a file that it sends: when by its clock, where by its receiver, within how many metres."""

    taken_at: datetime | None = None
    fix: Place | None = None
    accuracy: float | None = None


NOTHING_TOLD = Told()


async def take(
    uow: UnitOfWork, *, examined: Examined, quota: Quota, told: Told = NOTHING_TOLD, account: Account | None = None
) -> tuple[UUID, bool]:
    """Keeps a file of the actor's; its id, and whether it is new: the same bytes of the same person are one file, of which stands
    what was told first. FileQuotaUsedUp, ProjectSpaceUsedUp.

    It goes in a day unless something uses it.
    """
    owner_id = owner_of(uow)
    await take_turn(uow, owner_id)
    same = await _same(uow, owner_id, examined)
    if same is not None:
        return same, False
    await must_have_room(uow, owner_id=owner_id, size=len(examined.content), quota=quota, account=account)
    blob = await uow.storage.put(one(examined.content))
    return await _add(uow, examined, blob, told, account.project_id if account else None), True


async def keep(
    uow: UnitOfWork, *, examined: Examined, blob: Blob | None, told: Told, project_id: UUID | None
) -> tuple[UUID, bool]:
    """As `take`, of what had its room given when it was announced. `blob`: where the content lies, if it lies anywhere whole."""
    owner_id = owner_of(uow)
    await take_turn(uow, owner_id)
    same = await _same(uow, owner_id, examined)
    if same is not None:
        return same, False
    blob = blob or await uow.storage.put(one(examined.content))
    return await _add(uow, examined, blob, told, project_id), True


def owner_of(uow: UnitOfWork) -> UUID:
    """Whose a file is that is sent now; NotFound for nobody."""
    if uow.actor.id is None:
        raise NotFound
    return uow.actor.id


async def _same(uow: UnitOfWork, owner_id: UUID, examined: Examined) -> UUID | None:
    same: UUID | None = await uow.driver.fetchval(SAME, owner_id, examined.sha256, uow.now + UNUSED_FOR)
    return same


async def _add(uow: UnitOfWork, examined: Examined, blob: Blob, told: Told, project_id: UUID | None) -> UUID:
    file_id, fix = new_id(), told.fix
    lat, lon = examined.taken_place or (None, None)
    # Staff answer for what they send; of a resident's nothing is public before it was looked at.
    state = CheckState.PENDING if uow.actor.kind == "resident" else CheckState.PASSED
    await uow.driver.execute(
        ADD,
        file_id,
        uow.actor.kind,
        owner_of(uow),
        examined.sha256,
        blob.size,
        examined.media,
        examined.width,
        examined.height,
        examined.taken_at,
        lat,
        lon,
        state,
        uow.now,
        uow.now + UNUSED_FOR,
        Part.ORIGINAL,
        blob.key,
        told.taken_at,
        fix.lat if fix else None,
        fix.lon if fix else None,
        fix.crs if fix else None,
        told.accuracy,
        project_id,
    )
    if examined.media in PHOTOS:
        uow.enqueue(MakeRenditions(file_id=file_id))
    uow.record(FileSent(size=blob.size), subject="file", subject_id=file_id, region_path="")
    await expecting.join(uow, [examined.sha256])
    return file_id


async def attach(
    uow: UnitOfWork,
    *,
    file_ids: Sequence[UUID],
    subject_type: str,
    subject_id: UUID,
    region_path: str,
    public: bool = False,
) -> None:
    """Files that the actor sent belong to a subject from now on, in this order; NotFound when one is not his, or went.

    Whoever may read the subject may read them (`services.api.files.readers`); `public`: their renditions are also for whom the
    subject is shown to without signing in, once the check has passed. Attached again, a file takes the new `public`. A check that
    is pending or refused stands in no one's way here.
    """
    wanted = list(dict.fromkeys(file_ids))
    if not wanted:
        return
    actor = uow.actor
    found = await uow.driver.fetchval(
        ATTACH,
        wanted,
        [new_id() for _ in wanted],
        actor.kind,
        actor.id,
        subject_type,
        subject_id,
        region_path,
        public,
        uow.now,
    )
    if found != len(wanted):
        raise NotFound


async def share(
    uow: UnitOfWork, *, file_ids: Sequence[UUID], source: tuple[str, UUID], target: tuple[str, UUID]
) -> None:
    """Files of one subject (its type and id) belong to another too, by reference; NotFound when one is not the source's."""
    wanted = list(dict.fromkeys(file_ids))
    if await uow.driver.fetchval(HELD, *source, wanted) != len(wanted):
        raise NotFound
    actor = uow.actor
    await uow.driver.execute(SHARE, *source, *target, wanted, actor.kind, actor.id, uow.now)


async def show(uow: UnitOfWork, *, file_id: UUID, subject_type: str, subject_id: UUID, public: bool) -> None:
    """Makes a subject's file public or internal; NotFound when the subject has no such file."""
    if await uow.driver.fetchval(SHOW, subject_type, subject_id, file_id, public) is None:
        raise NotFound


async def release(uow: UnitOfWork, *, subject_type: str, subject_ids: Sequence[UUID]) -> None:
    """Subjects let go of their files; those that nothing else uses are deleted within two days (retention)."""
    await uow.driver.execute(RELEASE, subject_type, list(subject_ids), uow.now)


async def ask_about_text(
    uow: UnitOfWork, *, resident_id: UUID | None, text: str, subject_type: str, subject_id: UUID, region_path: str
) -> None:
    """Has a text checked before the public may read it (`queries.text_may_be_shown`); once for a subject.

    Of somebody who is not signed in WeChat knows nothing: a person looks.
    """
    check_id = new_id()
    sealed = uow.vault.cipher.seal(text.encode(), table="content_check", column="text_sealed", row=check_id)
    state, look_at = (CheckState.PENDING, uow.now) if resident_id is not None else (CheckState.REVIEW, None)
    await uow.driver.execute(
        ASK_TEXT, check_id, subject_type, subject_id, region_path, resident_id, sealed, state, uow.now, look_at
    )
