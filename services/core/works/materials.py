"""Use cases of materials (domain.md I5): the register, samples and certificates, batches that a second person checks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from asyncpg import UniqueViolationError

from services.core.files import service as files
from services.core.kit.calendar import day_of
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.events import Event
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.works import queries, rules
from services.core.works.errors import (
    BatchDecided,
    BatchExists,
    MaterialExists,
    MaterialInvalid,
    RecordWithdrawn,
    SiteSecondPersonNeeded,
    SiteStateWrong,
)
from services.core.works.events import (
    BatchArrived,
    BatchChecked,
    MaterialChanged,
    MaterialRecorded,
    MaterialRegistered,
    RecordTakenBack,
)
from services.core.works.rules import BatchState, RecordKind

if TYPE_CHECKING:
    import asyncpg
    from asyncpg import Record

MATERIAL, RECORD, BATCH = "material", "material_record", "material_batch"
"""Subjects of events; the last two also of files."""

REGISTER = """
INSERT INTO material (id, project_id, title, specification, standard, unit, site_organisation_id, version, made_by, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9)
"""
CHANGE = """
UPDATE material SET title = $2, specification = $3, standard = $4, unit = $5, site_organisation_id = $6, version = version + 1
WHERE id = $1
"""
SUPPLIER = "SELECT EXISTS (SELECT FROM site_organisation WHERE id = $1 AND project_id = $2 AND left_at IS NULL)"
_MATERIAL = """
SELECT m.id, m.project_id, m.title, m.specification, m.standard, m.unit, m.site_organisation_id, o.name AS supplier, m.version,
       m.made_at,
       (SELECT coalesce(sum(quantity), 0) FROM material_batch WHERE material_id = m.id AND state = 'accepted') AS accepted,
       (SELECT count(*) FROM material_batch WHERE material_id = m.id AND state = 'arrived') AS unchecked,
       ARRAY(SELECT DISTINCT kind FROM material_record WHERE material_id = m.id AND withdrawn_at IS NULL ORDER BY kind) AS shown
FROM material m
LEFT JOIN site_organisation s ON s.id = m.site_organisation_id
LEFT JOIN organisation o ON o.id = s.organisation_id
"""
ONE = f"{_MATERIAL} WHERE m.project_id = $1 AND m.id = $2"
# Of a site ($1) after an id ($2): of one supplier ($4); with or without a kind of record ($5, $6).
PAGE = f"""
{_MATERIAL}
WHERE m.project_id = $1 AND m.id > $2 AND ($4::uuid IS NULL OR m.site_organisation_id = $4)
  AND ($5::text IS NULL OR NOT EXISTS (
        SELECT FROM material_record WHERE material_id = m.id AND withdrawn_at IS NULL AND kind = $5))
ORDER BY m.id LIMIT $3
"""
ADD_RECORD = """
INSERT INTO material_record (id, project_id, material_id, kind, document, dated_on, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
WITHDRAW = "UPDATE material_record SET withdrawn_by = $2, withdrawn_at = $3, withdrawn_reason = $4 WHERE id = $1"
_RECORD = """
SELECT r.id, r.material_id, r.kind, r.document, r.dated_on, r.recorded_by, r.recorded_at, r.withdrawn_at, r.withdrawn_reason,
       ARRAY(SELECT file_id FROM file_use WHERE subject_type = 'material_record' AND subject_id = r.id
             ORDER BY position) AS file_ids
FROM material_record r
"""
ONE_RECORD = f"{_RECORD} WHERE r.material_id = $1 AND r.id = $2"
RECORDS = (
    f"{_RECORD} WHERE r.material_id = $1 AND r.id > $2 AND ($4::text IS NULL OR r.kind = $4) ORDER BY r.id LIMIT $3"
)
PURCHASE = "SELECT EXISTS (SELECT FROM purchase WHERE id = $1 AND starts_with($2, region_path))"
ARRIVE = """
INSERT INTO material_batch (id, project_id, material_id, purchase_id, batch_no, quantity, arrived_on, certificate, state,
                            recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'arrived', $9, $10)
"""
DECIDE = "UPDATE material_batch SET state = $2, decided_by = $3, decided_at = $4, decision_reason = $5 WHERE id = $1"
_BATCH = """
SELECT b.id, b.material_id, b.purchase_id, b.batch_no, b.quantity, b.arrived_on, b.certificate, b.state, b.recorded_by,
       b.recorded_at, b.decided_by, b.decided_at, b.decision_reason,
       ARRAY(SELECT file_id FROM file_use WHERE subject_type = 'material_batch' AND subject_id = b.id ORDER BY position) AS file_ids
FROM material_batch b
"""
ONE_BATCH = f"{_BATCH} WHERE b.material_id = $1 AND b.id = $2"
BATCHES = f"""
{_BATCH}
WHERE b.material_id = $1 AND b.id > $2 AND ($4::text IS NULL OR b.state = $4) AND ($5::uuid IS NULL OR b.purchase_id = $5)
ORDER BY b.id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Described:
    """What a material is; `site_organisation_id`: who supplies it on this site."""

    title: str
    specification: str
    unit: str
    standard: str | None = None
    site_organisation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A batch: its number by the maker, how much, when, by which certificate (合格证), of which joint purchase."""

    batch_no: str
    quantity: Decimal
    arrived_on: date
    certificate: str
    purchase_id: UUID | None = None


async def register(uow: UnitOfWork, *, scope: Scope, project_id: UUID, material: Described) -> UUID:
    """A material of the site's register; its id. NotFound, SiteStateWrong, MaterialInvalid for who is not on the site,
    MaterialExists.
    """
    site = await _open_site(uow, scope, project_id)
    await _check_supplier(uow, project_id, material)
    material_id = new_id()
    await _write(uow, REGISTER, material_id, project_id, *_columns(material), uow.actor.id, uow.now)
    _tell(uow, site, MATERIAL, material_id, MaterialRegistered(project_id=project_id))
    return material_id


async def change(
    uow: UnitOfWork, *, scope: Scope, project_id: UUID, material_id: UUID, version: int, material: Described
) -> None:
    """Puts a description right. NotFound, VersionStale, and as of `register`."""
    site = await _open_site(uow, scope, project_id)
    held = await material_of(uow.driver, project_id=project_id, material_id=material_id)
    if held["version"] != version:
        raise VersionStale
    await _check_supplier(uow, project_id, material)
    await _write(uow, CHANGE, material_id, *_columns(material))
    _tell(uow, site, MATERIAL, material_id, MaterialChanged(project_id=project_id, version=version + 1))


async def show(
    uow: UnitOfWork,
    *,
    scope: Scope,
    project_id: UUID,
    material_id: UUID,
    kind: RecordKind,
    document: str,
    dated_on: date,
    file_ids: Sequence[UUID],
) -> UUID:
    """A sample, certificate or report with its pictures; its id. NotFound, SiteStateWrong, MaterialInvalid for a day to come."""
    site = await _open_site(uow, scope, project_id)
    await material_of(uow.driver, project_id=project_id, material_id=material_id)
    _check_day(uow, dated_on, "/dated_on")
    record_id = new_id()
    await uow.driver.execute(
        ADD_RECORD, record_id, project_id, material_id, kind, document, dated_on, uow.actor.id, uow.now
    )
    await _attach(uow, site, RECORD, record_id, file_ids)
    _tell(uow, site, RECORD, record_id, MaterialRecorded(project_id=project_id, material_id=material_id))
    return record_id


async def withdraw(
    uow: UnitOfWork, *, scope: Scope, project_id: UUID, material_id: UUID, record_id: UUID, reason: str
) -> None:
    """What was recorded wrongly counts no more; it stays to be read. NotFound, SiteStateWrong, RecordWithdrawn."""
    site = await _open_site(uow, scope, project_id)
    await material_of(uow.driver, project_id=project_id, material_id=material_id)
    held = await record_of(uow.driver, material_id=material_id, record_id=record_id)
    if held["withdrawn_at"] is not None:
        raise RecordWithdrawn
    await uow.driver.execute(WITHDRAW, record_id, uow.actor.id, uow.now, reason)
    _tell(uow, site, RECORD, record_id, RecordTakenBack(project_id=project_id, material_id=material_id))


async def arrive(
    uow: UnitOfWork,
    *,
    scope: Scope,
    project_id: UUID,
    material_id: UUID,
    arrival: Arrival,
    file_ids: Sequence[UUID] = (),
) -> UUID:
    """A batch arrived; its id. NotFound, SiteStateWrong, BatchExists, MaterialInvalid for a day to come or a foreign purchase."""
    site = await _open_site(uow, scope, project_id)
    await material_of(uow.driver, project_id=project_id, material_id=material_id)
    _check_day(uow, arrival.arrived_on, "/arrived_on")
    known = arrival.purchase_id is None or await uow.driver.fetchval(PURCHASE, arrival.purchase_id, site["region_path"])
    if not known:
        raise MaterialInvalid.at("/purchase_id", zh="没有这次采购", en="is no purchase of this region")
    batch_id = new_id()
    try:
        await uow.driver.execute(
            ARRIVE,
            batch_id,
            project_id,
            material_id,
            arrival.purchase_id,
            arrival.batch_no,
            arrival.quantity,
            arrival.arrived_on,
            arrival.certificate,
            uow.actor.id,
            uow.now,
        )
    except UniqueViolationError as error:
        raise BatchExists from error
    await _attach(uow, site, BATCH, batch_id, file_ids)
    _tell(uow, site, BATCH, batch_id, BatchArrived(project_id=project_id, material_id=material_id))
    return batch_id


async def decide(
    uow: UnitOfWork,
    *,
    scope: Scope,
    project_id: UUID,
    material_id: UUID,
    batch_id: UUID,
    state: BatchState,
    reason: str | None,
) -> None:
    """Another person than who recorded it accepts or rejects a batch; or whoever finds that it was recorded wrongly withdraws it.

    NotFound, SiteStateWrong, BatchDecided, SiteSecondPersonNeeded; MaterialInvalid where a reason is needed.
    """
    site = await _open_site(uow, scope, project_id)
    await material_of(uow.driver, project_id=project_id, material_id=material_id)
    held = await batch_of(uow.driver, material_id=material_id, batch_id=batch_id)
    if held["state"] != BatchState.ARRIVED:
        raise BatchDecided
    if state in rules.BATCH_CHECKED and held["recorded_by"] == uow.actor.id:
        raise SiteSecondPersonNeeded
    if state is not BatchState.ACCEPTED and reason is None:
        raise MaterialInvalid.at("/reason", zh="须说明理由", en="is needed")
    await uow.driver.execute(DECIDE, batch_id, state, uow.actor.id, uow.now, reason)
    _tell(uow, site, BATCH, batch_id, BatchChecked(project_id=project_id, material_id=material_id, state=state))


async def material_of(driver: "asyncpg.Connection", *, project_id: UUID, material_id: UUID) -> "Record":
    """A material of a site that the caller may see; NotFound otherwise."""
    return await _one(driver, ONE, project_id, material_id)


async def record_of(driver: "asyncpg.Connection", *, material_id: UUID, record_id: UUID) -> "Record":
    """A record of a material; NotFound."""
    return await _one(driver, ONE_RECORD, material_id, record_id)


async def batch_of(driver: "asyncpg.Connection", *, material_id: UUID, batch_id: UUID) -> "Record":
    """A batch of a material; NotFound."""
    return await _one(driver, ONE_BATCH, material_id, batch_id)


async def _one(driver: "asyncpg.Connection", statement: str, *keys: UUID) -> "Record":
    row = await driver.fetchrow(statement, *keys)
    if row is None:
        raise NotFound
    return row


async def _open_site(uow: UnitOfWork, scope: Scope, project_id: UUID) -> "Record":
    """Held against others who write: a batch is decided once, a material changed by one at a time."""
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    if site["state"] in rules.OVER:
        raise SiteStateWrong(state=site["state"])
    return site


async def _check_supplier(uow: UnitOfWork, project_id: UUID, material: Described) -> None:
    supplier = material.site_organisation_id
    if supplier is not None and not await uow.driver.fetchval(SUPPLIER, supplier, project_id):
        raise MaterialInvalid.at("/site_organisation_id", zh="该单位不在现场", en="is no organisation on this site")


def _check_day(uow: UnitOfWork, day: date, pointer: str) -> None:
    if day > day_of(uow.now):
        raise MaterialInvalid.at(pointer, zh="不得晚于今日", en="is a day to come")


async def _write(uow: UnitOfWork, statement: str, *values: object) -> None:
    try:
        await uow.driver.execute(statement, *values)
    except UniqueViolationError as error:
        raise MaterialExists from error


def _columns(material: Described) -> tuple[object, ...]:
    return (
        material.title,
        material.specification,
        material.standard,
        material.unit,
        material.site_organisation_id,
    )


async def _attach(uow: UnitOfWork, site: "Record", subject: str, subject_id: UUID, file_ids: Sequence[UUID]) -> None:
    await files.attach(
        uow, file_ids=file_ids, subject_type=subject, subject_id=subject_id, region_path=site["region_path"]
    )


def _tell(uow: UnitOfWork, site: "Record", subject: str, subject_id: UUID, happened: Event) -> None:
    uow.record(happened, subject=subject, subject_id=subject_id, region_path=site["region_path"])
