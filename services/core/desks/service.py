"""Use cases of organisations and desks: the register, who opens a desk, who is on duty there. Rules are in `routing`."""

from typing import TYPE_CHECKING
from uuid import UUID

from asyncpg import UniqueViolationError

from services.core.desks import queries
from services.core.desks.errors import (
    DeskClosed,
    DeskInputInvalid,
    DeskInRules,
    DeskManned,
    DeskWouldBeEmpty,
    MemberLeft,
    OrganisationClosed,
    OrganisationExists,
    OrganisationInUse,
)
from services.core.desks.events import (
    DeskChanged,
    DeskOpened,
    DeskWasClosed,
    MemberPut,
    MemberTaken,
    OrganisationChanged,
    OrganisationRegistered,
    OrganisationWasClosed,
)
from services.core.desks.rules import DeskRole, OrganisationKind, credit_code
from services.core.identity.access import Permission
from services.core.identity.queries import REGION_IN_SCOPE, principal_now
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.ids import new_id
from services.core.kit.invalid import InvalidAt
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    from asyncpg import Record

REGISTER = """
INSERT INTO organisation (id, region_id, region_path, name, uscc, kind, made_by, made_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)
"""
CHANGE_ORGANISATION = "UPDATE organisation SET name = $2, uscc = $3, kind = $4, version = version + 1 WHERE id = $1"
CLOSE_ORGANISATION = "UPDATE organisation SET closed_at = $2, version = version + 1 WHERE id = $1"
OPEN_DESKS = "SELECT EXISTS (SELECT FROM desk WHERE organisation_id = $1 AND closed_at IS NULL)"
OPEN_DESK = """
INSERT INTO desk (id, region_id, region_path, organisation_id, title, phone, role, made_by, made_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)
"""
CHANGE_DESK = "UPDATE desk SET title = $2, phone = $3, organisation_id = $4, version = version + 1 WHERE id = $1"
CLOSE_DESK = "UPDATE desk SET closed_at = $2, version = version + 1 WHERE id = $1"
EVERYBODY_LEAVES = "UPDATE desk_member SET until = $2, taken_by = $3 WHERE desk_id = $1 AND until IS NULL"
PUT = "INSERT INTO desk_member (id, desk_id, staff_id, since, put_by) VALUES ($1, $2, $3, $4, $5)"
TAKE = "UPDATE desk_member SET until = $2, taken_by = $3 WHERE id = $1"


# --- organisations


async def register(
    uow: UnitOfWork, *, scope: Scope, region_id: UUID, name: str, uscc: str | None, kind: OrganisationKind
) -> UUID:
    """A new organisation of a region; its id. DeskInputInvalid for a region outside `scope` or a wrong code, OrganisationExists."""
    path = await _region(uow, scope, region_id)
    organisation_id = new_id()
    await _write(uow, REGISTER, organisation_id, region_id, path, name, _code(uscc), kind, uow.actor.id, uow.now)
    uow.record(
        OrganisationRegistered(organisation_kind=kind),
        subject="organisation",
        subject_id=organisation_id,
        region_path=path,
    )
    return organisation_id


async def change_organisation(
    uow: UnitOfWork,
    *,
    scope: Scope,
    organisation_id: UUID,
    version: int,
    name: str,
    uscc: str | None,
    kind: OrganisationKind,
) -> None:
    """Name, code and kind. NotFound, VersionStale, OrganisationClosed, OrganisationExists, DeskInputInvalid."""
    held = await _organisation_locked(uow, scope, organisation_id, version)
    await _write(uow, CHANGE_ORGANISATION, organisation_id, name, _code(uscc), kind)
    uow.record(
        OrganisationChanged(organisation_kind=kind, version=version + 1),
        subject="organisation",
        subject_id=organisation_id,
        region_path=held["region_path"],
    )


async def close_organisation(uow: UnitOfWork, *, scope: Scope, organisation_id: UUID, version: int) -> None:
    """Its desks have to be closed first (OrganisationInUse). NotFound, VersionStale, OrganisationClosed."""
    held = await _organisation_locked(uow, scope, organisation_id, version)
    if await uow.driver.fetchval(OPEN_DESKS, organisation_id):
        raise OrganisationInUse
    await uow.driver.execute(CLOSE_ORGANISATION, organisation_id, uow.now)
    uow.record(
        OrganisationWasClosed(version=version + 1),
        subject="organisation",
        subject_id=organisation_id,
        region_path=held["region_path"],
    )


async def _organisation_locked(uow: UnitOfWork, scope: Scope, organisation_id: UUID, version: int) -> "Record":
    row = await queries.ORGANISATION_LOCKED.first(uow.driver, organisation_id=organisation_id, **scope.parameters)
    if row is None:
        raise NotFound
    if row["version"] != version:
        raise VersionStale
    if row["closed_at"] is not None:
        raise OrganisationClosed
    return row


async def _write(uow: UnitOfWork, statement: str, *values: object) -> None:
    try:
        await uow.driver.execute(statement, *values)
    except UniqueViolationError as error:
        if error.constraint_name == "uq_organisation_uscc":
            raise OrganisationExists from error
        raise


def _code(uscc: str | None) -> str | None:
    if uscc is None:
        return None
    try:
        return credit_code(uscc)
    except InvalidAt as error:
        raise DeskInputInvalid.at("/uscc", zh=error.zh, en=error.en) from error


async def _region(uow: UnitOfWork, scope: Scope, region_id: UUID) -> str:
    row = await REGION_IN_SCOPE.first(uow.driver, region_id=region_id, **scope.parameters)
    if row is None:
        raise DeskInputInvalid.at(
            "/region_id", zh="没有这个区域，或不在您的管辖范围内", en="is no region, or lies outside what you may see"
        )
    path: str = row["path"]
    return path


# --- desks


async def open_desk(
    uow: UnitOfWork,
    *,
    scope: Scope,
    region_id: UUID,
    organisation_id: UUID | None,
    title: str,
    phone: str | None,
    role: DeskRole,
) -> UUID:
    """A new desk for a region's subtree; its id. DeskInputInvalid for a region or organisation outside `scope`,
    OrganisationClosed.
    """
    path = await _region(uow, scope, region_id)
    await _of_organisation(uow, scope, organisation_id)
    desk_id = new_id()
    await uow.driver.execute(
        OPEN_DESK, desk_id, region_id, path, organisation_id, title, phone, role, uow.actor.id, uow.now
    )
    uow.record(
        DeskOpened(role=role, organisation_id=organisation_id), subject="desk", subject_id=desk_id, region_path=path
    )
    return desk_id


async def change_desk(
    uow: UnitOfWork,
    *,
    scope: Scope,
    desk_id: UUID,
    version: int,
    organisation_id: UUID | None,
    title: str,
    phone: str | None,
) -> None:
    """Title, telephone and organisation. NotFound, VersionStale, DeskClosed, DeskInputInvalid, OrganisationClosed."""
    held = await desk_locked(uow, scope=scope, desk_id=desk_id, version=version)
    if organisation_id != held["organisation_id"]:
        await _of_organisation(uow, scope, organisation_id)
    await uow.driver.execute(CHANGE_DESK, desk_id, title, phone, organisation_id)
    uow.record(
        DeskChanged(organisation_id=organisation_id, version=version + 1),
        subject="desk",
        subject_id=desk_id,
        region_path=held["region_path"],
    )


async def close_desk(uow: UnitOfWork, *, scope: Scope, desk_id: UUID, version: int) -> None:
    """No case is sent there any more, and nobody is on duty. DeskInRules while a rule sends there, now or later.

    NotFound, VersionStale, DeskClosed. Whoever keeps cases at desks looks after those first.
    """
    held = await desk_locked(uow, scope=scope, desk_id=desk_id, version=version)
    sending = await queries.SENDING_TO.first(uow.driver, desk_id=desk_id, desk_ids=[str(desk_id)], at=uow.now)
    if sending is not None and sending[0]:
        raise DeskInRules(rules=sending[0])
    await uow.driver.execute(CLOSE_DESK, desk_id, uow.now)
    await uow.driver.execute(EVERYBODY_LEAVES, desk_id, uow.now, uow.actor.id)
    uow.record(DeskWasClosed(version=version + 1), subject="desk", subject_id=desk_id, region_path=held["region_path"])


async def desk_locked(uow: UnitOfWork, *, scope: Scope, desk_id: UUID, version: int | None = None) -> "Record":
    """An open desk of the scope, held until the end. NotFound, VersionStale, DeskClosed."""
    row = await queries.DESK_LOCKED.first(uow.driver, desk_id=desk_id, **scope.parameters)
    if row is None:
        raise NotFound
    if version is not None and row["version"] != version:
        raise VersionStale
    if row["closed_at"] is not None:
        raise DeskClosed
    return row


async def _of_organisation(uow: UnitOfWork, scope: Scope, organisation_id: UUID | None) -> None:
    if organisation_id is None:
        return
    row = await queries.ORGANISATION_HELD.first(uow.driver, organisation_id=organisation_id, **scope.parameters)
    if row is None:
        raise DeskInputInvalid.at(
            "/organisation_id",
            zh="没有这个单位，或不在您的管辖范围内",
            en="is no organisation, or lies outside what you may see",
        )
    if row["closed_at"] is not None:
        raise OrganisationClosed


# --- who is on duty


async def put_on_duty(uow: UnitOfWork, *, scope: Scope, desk_id: UUID, staff_id: UUID) -> UUID:
    """Somebody goes on duty at a desk; the id of this. DeskInputInvalid unless he may handle cases in the desk's whole region,
    DeskManned when he is there already. NotFound, DeskClosed.
    """
    desk = await desk_locked(uow, scope=scope, desk_id=desk_id)
    return await _put(uow, desk, staff_id, pointer="/staff_id")


async def take_off_duty(
    uow: UnitOfWork, *, scope: Scope, desk_id: UUID, member_id: UUID, successor_id: UUID | None
) -> None:
    """Somebody goes off duty; a successor goes on in the same moment, unless he is on duty there already.

    DeskWouldBeEmpty: without one the last able to act never leaves. NotFound, MemberLeft, DeskClosed, DeskInputInvalid.
    """
    desk = await desk_locked(uow, scope=scope, desk_id=desk_id)
    member = await queries.MEMBER.first(uow.driver, desk_id=desk_id, member_id=member_id)
    if member is None:
        raise NotFound
    if member["until"] is not None:
        raise MemberLeft
    if successor_id == member["staff_id"]:
        raise DeskInputInvalid.at("/successor_id", zh="接替人不能是本人", en="must be somebody else")
    if successor_id is not None and not await queries.on_duty(uow.driver, staff_id=successor_id, desk_ids=[desk_id]):
        await _put(uow, desk, successor_id, pointer="/successor_id")
    others = await queries.OTHERS_ON_DUTY.first(uow.driver, desk_id=desk_id, member_id=member_id)
    if others is None or not others[0]:
        raise DeskWouldBeEmpty
    await uow.driver.execute(TAKE, member_id, uow.now, uow.actor.id)
    uow.record(
        MemberTaken(member_id=member_id, staff_id=member["staff_id"], handed_to=successor_id),
        subject="desk",
        subject_id=desk_id,
        region_path=desk["region_path"],
    )


async def _put(uow: UnitOfWork, desk: "Record", staff_id: UUID, *, pointer: str) -> UUID:
    """Whoever is unknown, disabled or elsewhere is answered alike: what he may do is not told."""
    who = await principal_now(uow.driver, kind="staff", principal_id=staff_id)
    if not who.scope(Permission.COMPLAINT_HANDLE).covers(desk["region_path"]):
        raise DeskInputInvalid.at(
            pointer, zh="此人员无权在该席位所在区域办理", en="may not handle cases in the desk's region"
        )
    member_id = new_id()
    try:
        await uow.driver.execute(PUT, member_id, desk["id"], staff_id, uow.now, uow.actor.id)
    except UniqueViolationError as error:
        raise DeskManned from error
    uow.record(
        MemberPut(member_id=member_id, staff_id=staff_id),
        subject="desk",
        subject_id=desk["id"],
        region_path=desk["region_path"],
    )
    return member_id
