"""The first city administrator: made from the command line, since nobody is there yet to give a role."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from services.core.identity.access import Role
from services.core.identity.account import check_new_password
from services.core.identity.models import RoleGrant, Staff
from services.core.identity.passwords import hash_password
from services.core.identity.queries import REGION
from services.core.identity.service import checked_username, save
from services.core.kit.errors import DomainError, Kind
from services.core.kit.ids import new_id
from services.core.kit.uow import UnitOfWork


class NoSuchRegion(DomainError):
    code, kind = "no-such-region", Kind.CONFLICT
    title_zh, title_en = "没有这个代码的区域", "No region has this code"


class RootRegionUnclear(DomainError):
    code, kind = "root-region-unclear", Kind.CONFLICT
    title_zh, title_en = (
        "还没有区域，或最上级区域不止一个：请先导入区域，或用 --region-code 指明",
        "There is no region yet, or more than one at the top: load regions first, or name one by --region-code",
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where the role is held."""

    region_id: UUID
    path: str
    name: str


async def root_or(uow: UnitOfWork, region_code: str | None) -> Place:
    """The region of that code, or without a code the only one at the top of the tree."""
    statement = select(REGION.c.id, REGION.c.path, REGION.c.name).where(REGION.c.valid_to.is_(None)).limit(2)
    if region_code is None:
        statement = statement.where(REGION.c.parent_id.is_(None))
    else:
        statement = statement.where(REGION.c.code == region_code)
    found = (await uow.connection.execute(statement)).all()
    if len(found) != 1:
        raise RootRegionUnclear if region_code is None else NoSuchRegion
    return Place(*found[0])


async def create_admin(
    uow: UnitOfWork, *, username: str, display_name: str, password: str, region_code: str | None
) -> Place:
    """An account with the city's role; where it holds. Raises UsernameTaken, InputInvalid, or that there is no such region."""
    name = checked_username(username)
    check_new_password(password, username=name, pointer="/password")
    place = await root_or(uow, region_code)
    staff = Staff(
        id=new_id(),
        username=name,
        display_name=display_name,
        password_hash=await hash_password(password),
        must_change_password=False,
        created_at=uow.now,
    )
    grant = RoleGrant(
        id=new_id(),
        principal_kind="staff",
        principal_id=staff.id,
        role=Role.CITY.value,
        region_id=place.region_id,
        region_path=place.path,
        given_by=None,
        given_at=uow.now,
    )
    await save(uow, [grant], staff)
    details = {"grants_given": [str(grant.id)]}
    uow.audit("staff.created", target="staff", target_id=staff.id, region_path=place.path, details=details)
    return place
