"""Managing staff and clients: who may sign in, with which role, over which part of the region tree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from services.core.identity.access import Grant, Principal, Role
from services.core.identity.account import forget_totp
from services.core.identity.errors import (
    GrantBeyondYours,
    GrantEnded,
    GrantHeldAlready,
    StaffBeyondYours,
    UsernameTaken,
    WouldLockYourselfOut,
)
from services.core.identity.models import Client, RoleGrant, Staff
from services.core.identity.queries import LOCK_CLIENT, LOCK_STAFF, REGION_IN_SCOPE
from services.core.identity.rules import USERNAME, Attempts, common_path, may_give, may_manage, normal_username
from services.core.identity.sign_in import end_sessions, keep_attempts
from services.core.identity.tokens import CLIENT_SECRET, new_secret, token_digest
from services.core.kit.errors import InputInvalid, NotFound, VersionStale
from services.core.kit.ids import new_id

if TYPE_CHECKING:
    from services.core.kit.scope import Scope
    from services.core.kit.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Manager:
    """Who manages, and the part of the region tree where he may."""

    principal: Principal
    scope: "Scope"


@dataclass(frozen=True, slots=True)
class GrantWanted:
    """A role to be given on a region; to a department also for which bureau it answers."""

    role: Role
    region_id: UUID
    bureau: str | None = None


def constraint_of(error: IntegrityError) -> str | None:
    """The name of the constraint that a write broke."""
    cause = getattr(error.orig, "__cause__", None)
    return getattr(cause, "constraint_name", None)


def checked_username(username: str) -> str:
    """A new username in its normal form, refused when it is no username."""
    name = normal_username(username)
    if USERNAME.fullmatch(name) is None:
        raise InputInvalid.at(
            "/username",
            zh="用户名须为 3 至 64 个字母、数字、点、横线或下划线，以字母或数字开头",
            en="a username has 3 to 64 letters, digits, dots, dashes or underscores, and begins with a letter or digit",
        )
    return name


async def _live_grants(uow: "UnitOfWork", kind: str, principal_id: UUID) -> list[RoleGrant]:
    found = await uow.session.scalars(
        select(RoleGrant)
        .where(RoleGrant.principal_kind == kind, RoleGrant.principal_id == principal_id, RoleGrant.ended_at.is_(None))
        .order_by(RoleGrant.id)
    )
    return list(found)


def _held(grants: Sequence[RoleGrant]) -> list[Grant]:
    return [Grant(Role(grant.role), grant.region_path) for grant in grants]


def audit_account(
    uow: "UnitOfWork", action: str, *, of: Staff | Client, grants: Sequence[RoleGrant], **details: object
) -> None:
    """What was done with an account, where all its grants lie."""
    uow.audit(
        action,
        target=of.__tablename__,
        target_id=of.id,
        region_path=common_path([grant.region_path for grant in grants]),
        details=details,
    )


async def _give(
    uow: "UnitOfWork", by: Manager, *, kind: str, principal_id: UUID, wanted: GrantWanted, pointer: str
) -> RoleGrant:
    region = await REGION_IN_SCOPE.first(uow.driver, region_id=wanted.region_id, **by.scope.parameters)
    if region is None:
        raise InputInvalid.at(
            f"{pointer}/region_id",
            zh="没有这个区域，或不在您的管辖范围内",
            en="there is no such region, or it lies outside what you may see",
        )
    if not may_give(by.principal.grants, wanted.role, region["path"]):
        raise GrantBeyondYours
    if wanted.bureau is not None and wanted.role is not Role.DEPARTMENT:
        raise InputInvalid.at(
            f"{pointer}/bureau", zh="只有部门角色可以指定部门", en="only a department answers for a bureau"
        )
    return RoleGrant(
        id=new_id(),
        principal_kind=kind,
        principal_id=principal_id,
        role=wanted.role.value,
        region_id=wanted.region_id,
        region_path=region["path"],
        bureau=wanted.bureau,
        given_by=by.principal.id,
        given_at=uow.now,
        ended_at=None,
    )


async def save(uow: "UnitOfWork", grants: Sequence[RoleGrant], account: Staff | Client | None = None) -> None:
    """Writes new rows; the unique constraints decide races, and are told apart by name.

    Grants go in as plain rows: the session would sort tables by foreign key first, and the table of regions is territory's,
    which need not be loaded here.
    """
    rows = [{column.key: getattr(grant, column.key) for column in RoleGrant.__table__.columns} for grant in grants]
    try:
        async with uow.session.begin_nested():
            if account is not None:
                uow.session.add(account)
                await uow.session.flush()
            await uow.connection.execute(insert(RoleGrant), rows)
    except IntegrityError as error:
        match constraint_of(error):
            case "uq_staff_username":
                raise UsernameTaken from error
            case "uq_role_grant_live":
                raise GrantHeldAlready from error
            case _:
                raise


async def create_staff(
    uow: "UnitOfWork",
    by: Manager,
    *,
    username: str,
    display_name: str,
    language: str,
    grants: Sequence[GrantWanted],
    password_hash: str,
) -> UUID:
    """A new account with its first grants. Its password is for handing over: it must be changed before anything else."""
    staff = Staff(
        id=new_id(),
        username=checked_username(username),
        display_name=display_name,
        language=language,
        password_hash=password_hash,
        must_change_password=True,
        created_at=uow.now,
    )
    given = [
        await _give(uow, by, kind="staff", principal_id=staff.id, wanted=wanted, pointer=f"/grants/{place}")
        for place, wanted in enumerate(grants)
    ]
    await save(uow, given, staff)
    audit_account(uow, "staff.created", of=staff, grants=given, grants_given=[str(grant.id) for grant in given])
    return staff.id


async def _managed(
    uow: "UnitOfWork", by: Manager, staff_id: UUID, version: int | None
) -> tuple[Staff, list[RoleGrant]]:
    """The account, locked, with its live grants: seen by the manager, all his to give, and as he last read it."""
    row = await LOCK_STAFF.first(uow.driver, staff_id=staff_id, **by.scope.parameters)
    staff = None if row is None else await uow.session.get(Staff, staff_id)
    if staff is None:
        raise NotFound
    grants = await _live_grants(uow, "staff", staff_id)
    if not may_manage(by.principal.grants, _held(grants)):
        raise StaffBeyondYours
    if version is not None and staff.version != version:
        raise VersionStale
    return staff, grants


async def change_staff(
    uow: "UnitOfWork", by: Manager, *, staff_id: UUID, version: int, display_name: str, language: str
) -> int:
    """New name and language; the new version."""
    staff, grants = await _managed(uow, by, staff_id, version)
    staff.display_name, staff.language = display_name, language
    staff.version += 1
    audit_account(uow, "staff.changed", of=staff, grants=grants)
    return staff.version


async def give_grant(
    uow: "UnitOfWork", by: Manager, *, staff_id: UUID, version: int, wanted: GrantWanted
) -> tuple[UUID, int]:
    """One more role on a region; the grant's id and the account's new version."""
    staff, grants = await _managed(uow, by, staff_id, version)
    given = await _give(uow, by, kind="staff", principal_id=staff_id, wanted=wanted, pointer="")
    await save(uow, [given])
    staff.version += 1
    audit_account(
        uow, "staff.grant_given", of=staff, grants=[given], grant_id=str(given.id), role=given.role,
        bureau=given.bureau, region_id=str(given.region_id), held_before=len(grants),
    )  # fmt: skip
    return given.id, staff.version


async def end_grant(uow: "UnitOfWork", by: Manager, *, staff_id: UUID, version: int, grant_id: UUID) -> int:
    """Ends a grant from now on; the account's new version. Nobody ends the last city grant that he holds himself."""
    staff, grants = await _managed(uow, by, staff_id, version)
    ended = next((grant for grant in grants if grant.id == grant_id), None)
    if ended is None:
        past = await uow.session.get(RoleGrant, grant_id)
        if past is not None and past.principal_id == staff_id and by.scope.covers(past.region_path):
            raise GrantEnded
        raise NotFound
    city = [grant for grant in grants if grant.role == Role.CITY]
    if staff_id == by.principal.id and city == [ended]:
        raise WouldLockYourselfOut
    await uow.connection.execute(update(RoleGrant).where(RoleGrant.id == grant_id).values(ended_at=uow.now))
    staff.version += 1
    audit_account(uow, "staff.grant_ended", of=staff, grants=[ended], grant_id=str(grant_id), role=ended.role)
    return staff.version


async def disable_staff(uow: "UnitOfWork", by: Manager, *, staff_id: UUID, version: int) -> int:
    """Ends every session and lets nobody sign in to the account; the new version. Nobody disables himself."""
    staff, grants = await _managed(uow, by, staff_id, version)
    if staff_id == by.principal.id:
        raise WouldLockYourselfOut
    staff.disabled_at = staff.disabled_at or uow.now
    staff.version += 1
    await end_sessions(uow, kind="staff", principal_id=staff_id)
    audit_account(uow, "staff.disabled", of=staff, grants=grants)
    return staff.version


async def enable_staff(uow: "UnitOfWork", by: Manager, *, staff_id: UUID, version: int) -> int:
    """Lets the account sign in again; the new version."""
    staff, grants = await _managed(uow, by, staff_id, version)
    staff.disabled_at = None
    staff.version += 1
    audit_account(uow, "staff.enabled", of=staff, grants=grants)
    return staff.version


async def reset_password(
    uow: "UnitOfWork", by: Manager, *, staff_id: UUID, version: int, password_hash: str, remove_totp: bool
) -> int:
    """A password to hand over, an end to the lock and to every session; the new version. A lost phone needs `remove_totp`."""
    staff, grants = await _managed(uow, by, staff_id, version)
    staff.password_hash, staff.must_change_password = password_hash, True
    keep_attempts(staff, Attempts())
    if remove_totp:
        forget_totp(staff)
    staff.version += 1
    await end_sessions(uow, kind="staff", principal_id=staff_id)
    audit_account(uow, "staff.password_reset", of=staff, grants=grants, remove_totp=remove_totp)
    return staff.version


async def revoke_sessions(uow: "UnitOfWork", by: Manager, *, staff_id: UUID) -> int:
    """Ends every session of the account; how many."""
    staff, grants = await _managed(uow, by, staff_id, None)
    ended = await end_sessions(uow, kind="staff", principal_id=staff_id)
    audit_account(uow, "staff.sessions_revoked", of=staff, grants=grants, sessions=ended)
    return ended


async def create_client(
    uow: "UnitOfWork",
    by: Manager,
    *,
    name: str,
    organisation: str,
    region_ids: Sequence[UUID],
    bureau: str | None,
) -> tuple[UUID, str]:
    """A client with the department's role on the regions, for a bureau or none; its id and its secret, which is told once."""
    secret = new_secret(CLIENT_SECRET)
    client = Client(
        id=new_id(), name=name, organisation=organisation, secret_hash=token_digest(secret), created_at=uow.now
    )
    given = []
    for place, region_id in enumerate(region_ids):
        wanted = GrantWanted(Role.DEPARTMENT, region_id, bureau)
        given.append(
            await _give(uow, by, kind="client", principal_id=client.id, wanted=wanted, pointer=f"/region_ids/{place}")
        )
    await save(uow, given, client)
    audit_account(uow, "client.created", of=client, grants=given)
    return client.id, secret


async def managed_client(
    uow: "UnitOfWork", by: Manager, client_id: UUID, version: int
) -> tuple[Client, list[RoleGrant]]:
    """The client, locked, with its live grants: seen by the manager, all his to give, and as he last read it."""
    row = await LOCK_CLIENT.first(uow.driver, client_id=client_id, **by.scope.parameters)
    client = None if row is None else await uow.session.get(Client, client_id)
    if client is None:
        raise NotFound
    grants = await _live_grants(uow, "client", client_id)
    if not may_manage(by.principal.grants, _held(grants)):
        raise StaffBeyondYours
    if client.version != version:
        raise VersionStale
    return client, grants


async def set_bureau(uow: "UnitOfWork", by: Manager, *, client_id: UUID, version: int, bureau: str | None) -> int:
    """From now on the client answers for this bureau, or for none; the new version. Its grants are ended and given anew."""
    client, grants = await managed_client(uow, by, client_id, version)
    await uow.connection.execute(
        update(RoleGrant).where(RoleGrant.id.in_([grant.id for grant in grants])).values(ended_at=uow.now)
    )
    given = [
        await _give(
            uow,
            by,
            kind="client",
            principal_id=client_id,
            wanted=GrantWanted(Role(grant.role), grant.region_id, bureau),
            pointer="",
        )
        for grant in grants
    ]
    if given:
        await save(uow, given)
    client.version += 1
    audit_account(uow, "client.bureau_set", of=client, grants=given, bureau=bureau)
    return client.version


async def rotate_secret(uow: "UnitOfWork", by: Manager, *, client_id: UUID, version: int) -> tuple[str, int]:
    """A new secret, which is not told again, and the new version. The old one and all its tokens end now."""
    client, grants = await managed_client(uow, by, client_id, version)
    secret = new_secret(CLIENT_SECRET)
    client.secret_hash = token_digest(secret)
    client.version += 1
    await end_sessions(uow, kind="client", principal_id=client_id)
    audit_account(uow, "client.secret_rotated", of=client, grants=grants)
    return secret, client.version


async def disable_client(uow: "UnitOfWork", by: Manager, *, client_id: UUID, version: int) -> int:
    """Ends the client for good; the new version."""
    client, grants = await managed_client(uow, by, client_id, version)
    client.disabled_at = client.disabled_at or uow.now
    client.version += 1
    await end_sessions(uow, kind="client", principal_id=client_id)
    audit_account(uow, "client.disabled", of=client, grants=grants)
    return client.version
