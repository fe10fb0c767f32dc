"""Use cases of times without works: set by a region for all sites in it, respected by every plan (domain.md I9)."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.identity.queries import REGION_IN_SCOPE
from services.core.kit.errors import FieldError, NotFound, VersionStale
from services.core.kit.events import Event
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.works.errors import BlackoutLifted, ScheduleInBlackout, ScheduleInvalid
from services.core.works.events import BlackoutChanged, BlackoutSet, BlackoutTakenBack
from services.core.works.rules import BlackoutKind, Forbids
from services.core.works.schedule import Span

if TYPE_CHECKING:
    import asyncpg
    from asyncpg import Record

SET = """
INSERT INTO blackout (id, region_id, region_path, kind, title, starts_on, ends_on, forbids, document, version, made_by, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11)
"""
CHANGE = """
UPDATE blackout SET kind = $2, title = $3, starts_on = $4, ends_on = $5, forbids = $6, document = $7, version = version + 1
WHERE id = $1
"""
LIFT = "UPDATE blackout SET lifted_at = $2, lifted_by = $3, version = version + 1 WHERE id = $1"
_SHOWN = """
SELECT b.id, b.region_id, region.name AS region_name, b.region_path, b.kind, b.title, b.starts_on, b.ends_on, b.forbids, b.document,
       b.version, b.made_at, b.lifted_at
FROM blackout b JOIN region ON region.id = b.region_id
"""
# Inside a scope ($2, $3), or around it where what is only to be read is asked for ($4).
_SEEN = """
EXISTS (SELECT FROM unnest($2::text[], $3::text[]) AS scope(low, high)
        WHERE (b.region_path >= scope.low AND b.region_path < scope.high)
           OR ($4::boolean AND starts_with(scope.low, b.region_path)))
"""
ONE = f"{_SHOWN} WHERE b.id = $1 AND {_SEEN}"
LOCKED = f"{ONE} FOR NO KEY UPDATE OF b"
PAGE = f"""
{_SHOWN}
WHERE b.id > $1 AND {_SEEN} AND ($5::text IS NULL OR b.kind = $5) AND ($6::boolean IS NULL OR (b.lifted_at IS NOT NULL) = $6)
  AND ($7::date IS NULL OR b.ends_on >= $7)
ORDER BY b.id LIMIT $8
"""
# Those that hold at a place ($1) on some day from $2 to $3; $4: machines are used.
HOLDING = f"""
{_SHOWN}
WHERE starts_with($1, b.region_path) AND b.lifted_at IS NULL AND b.starts_on <= $3 AND b.ends_on >= $2
  AND (b.forbids = 'works' OR $4)
ORDER BY b.starts_on, b.id
"""


@dataclass(frozen=True, slots=True)
class Rest:
    """Days on which sites rest, both included: why, wholly or with their machines, by which document."""

    kind: BlackoutKind
    title: str
    starts_on: date
    ends_on: date
    forbids: Forbids
    document: str


async def set_rest(uow: UnitOfWork, *, scope: Scope, region_id: UUID, rest: Rest) -> UUID:
    """All sites of a region's subtree rest then; its id. ScheduleInvalid for a region outside the scope and an end before the
    beginning.
    """
    region = await REGION_IN_SCOPE.first(uow.driver, region_id=region_id, **scope.parameters)
    if region is None:
        raise ScheduleInvalid.at("/region_id", zh="没有这个区域，或不在您的管辖范围内", en="is no region of yours")
    _check(rest)
    blackout_id = new_id()
    await uow.driver.execute(SET, blackout_id, region_id, region["path"], *_columns(rest), uow.actor.id, uow.now)
    _tell(uow, blackout_id, region["path"], BlackoutSet(starts_on=rest.starts_on, ends_on=rest.ends_on))
    return blackout_id


async def change(uow: UnitOfWork, *, scope: Scope, blackout_id: UUID, version: int, rest: Rest) -> None:
    """Puts it right. NotFound, VersionStale, BlackoutLifted, ScheduleInvalid."""
    held = await _locked(uow, scope, blackout_id, version)
    _check(rest)
    await uow.driver.execute(CHANGE, blackout_id, *_columns(rest))
    changed = BlackoutChanged(starts_on=rest.starts_on, ends_on=rest.ends_on)
    _tell(uow, blackout_id, held["region_path"], changed)


async def lift(uow: UnitOfWork, *, scope: Scope, blackout_id: UUID, version: int) -> None:
    """It holds no more; it stays to be read. NotFound, VersionStale, BlackoutLifted."""
    held = await _locked(uow, scope, blackout_id, version)
    await uow.driver.execute(LIFT, blackout_id, uow.now, uow.actor.id)
    _tell(uow, blackout_id, held["region_path"], BlackoutTakenBack())


async def holding(
    driver: "asyncpg.Connection", *, region_path: str, starts_on: date, ends_on: date, machines: bool
) -> "list[Record]":
    """What rests at a place on some day of a span."""
    rows: list[Record] = await driver.fetch(HOLDING, region_path, starts_on, ends_on, machines)
    return rows


async def check(uow: UnitOfWork, *, region_path: str, span: Span) -> None:
    """A plan neither begins nor ends on a day of rest; days of rest inside it are days without works. ScheduleInBlackout names the
    place and, in `blackouts`, which.
    """
    found = await holding(
        uow.driver, region_path=region_path, starts_on=span.starts_on, ends_on=span.ends_on, machines=span.machines
    )
    errors, ids = [], set()
    for pointer, day in (("/starts_on", span.starts_on), ("/ends_on", span.ends_on)):
        for row in found:
            if row["starts_on"] <= day <= row["ends_on"]:
                told = f"{row['starts_on']}–{row['ends_on']}"
                errors.append(FieldError(pointer, f"当日停工：{told}", f"is a day of rest: {told}"))
                ids.add(str(row["id"]))
    if errors:
        raise ScheduleInBlackout(errors=errors, blackouts=sorted(ids))


async def one_of(driver: "asyncpg.Connection", *, scope: Scope, blackout_id: UUID) -> "Record":
    """One that the caller may see: of his regions or of those around; NotFound otherwise."""
    row = await driver.fetchrow(ONE, blackout_id, scope.lows, scope.highs, True)
    if row is None:
        raise NotFound
    return row


async def _locked(uow: UnitOfWork, scope: Scope, blackout_id: UUID, version: int) -> "Record":
    row = await uow.driver.fetchrow(LOCKED, blackout_id, scope.lows, scope.highs, False)
    if row is None:
        raise NotFound
    if row["version"] != version:
        raise VersionStale
    if row["lifted_at"] is not None:
        raise BlackoutLifted
    return row


def _check(rest: Rest) -> None:
    if rest.ends_on < rest.starts_on:
        raise ScheduleInvalid.at("/ends_on", zh="不得早于开始日期", en="is before the beginning")


def _columns(rest: Rest) -> tuple[object, ...]:
    return rest.kind, rest.title, rest.starts_on, rest.ends_on, rest.forbids, rest.document


def _tell(uow: UnitOfWork, blackout_id: UUID, region_path: str, happened: Event) -> None:
    uow.record(happened, subject="blackout", subject_id=blackout_id, region_path=region_path)
