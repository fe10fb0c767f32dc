"""Use cases of who is on a site: organisations of the register in a role (domain.md I10), and the people who act for them.

A post is what lets somebody of a firm see a site and act there. He needs the role `site` on a region around it first: an account
that a district opens, which by itself allows nothing (docs/adr/0038).
"""

from typing import TYPE_CHECKING
from uuid import UUID

from asyncpg import UniqueViolationError

from services.core.identity.access import Role, SiteRole
from services.core.identity.queries import principal_now
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.works import queries, rules
from services.core.works.errors import (
    OrganisationLeft,
    PartyTaken,
    PersonLeft,
    PersonPosted,
    SiteInputInvalid,
    SiteStateWrong,
)
from services.core.works.events import (
    SiteOrganisationJoined,
    SiteOrganisationLeft,
    SitePersonLeft,
    SitePersonPosted,
)
from services.core.works.rules import State

if TYPE_CHECKING:
    from asyncpg import Record

# Of the site's region or one around it. Shared, so that it is not closed meanwhile.
ORGANISATION = """
SELECT uscc FROM organisation WHERE id = $1 AND closed_at IS NULL AND starts_with($2, region_path) FOR SHARE
"""
JOIN = """
INSERT INTO site_organisation (id, project_id, organisation_id, role, document, joined_by, joined_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
LEAVE = "UPDATE site_organisation SET left_at = $2, left_by = $3 WHERE id = $1"
PEOPLE_LEAVE = """
UPDATE site_person SET left_at = $2, left_by = $3 WHERE site_organisation_id = $1 AND left_at IS NULL
"""
POST = """
INSERT INTO site_person (id, project_id, site_organisation_id, staff_id, position, joined_by, joined_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
PERSON_LEAVES = "UPDATE site_person SET left_at = $2, left_by = $3 WHERE id = $1"


async def join(
    uow: UnitOfWork, *, scope: Scope, project_id: UUID, organisation_id: UUID, role: SiteRole, document: str | None
) -> UUID:
    """An organisation takes part in the works; the id of this. A firm needs a credit code on record.

    NotFound, SiteStateWrong once all is over, SiteInputInvalid for an organisation of elsewhere or without code, PartyTaken when it
    or another holds a role that only one can hold.
    """
    site = await _open_site(uow, scope, project_id)
    known = await uow.driver.fetchrow(ORGANISATION, organisation_id, site["region_path"])
    if known is None:
        raise SiteInputInvalid.at("/organisation_id", zh="没有这家单位", en="is no organisation of this region")
    if known["uscc"] is None and role in rules.FIRMS:
        raise SiteInputInvalid.at(
            "/organisation_id", zh="该单位未登记统一社会信用代码", en="has no credit code on record"
        )
    joined = new_id()
    try:
        await uow.driver.execute(JOIN, joined, project_id, organisation_id, role, document, uow.actor.id, uow.now)
    except UniqueViolationError as error:
        raise PartyTaken from error
    uow.record(
        SiteOrganisationJoined(site_organisation_id=joined, organisation_id=organisation_id, role=role),
        subject="site",
        subject_id=project_id,
        region_path=site["region_path"],
    )
    return joined


async def leave(uow: UnitOfWork, *, scope: Scope, project_id: UUID, site_organisation_id: UUID) -> None:
    """It takes no part any more, and none of its people acts there. NotFound, OrganisationLeft."""
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    organisation = await _present(uow, project_id, site_organisation_id)
    await uow.driver.execute(LEAVE, site_organisation_id, uow.now, uow.actor.id)
    done: str = await uow.driver.execute(PEOPLE_LEAVE, site_organisation_id, uow.now, uow.actor.id)
    uow.record(
        SiteOrganisationLeft(
            site_organisation_id=site_organisation_id,
            organisation_id=organisation["organisation_id"],
            people=int(done.rsplit(" ", 1)[1]),
        ),
        subject="site",
        subject_id=project_id,
        region_path=site["region_path"],
    )


async def post(
    uow: UnitOfWork, *, scope: Scope, project_id: UUID, site_organisation_id: UUID, staff_id: UUID, position: str
) -> UUID:
    """Somebody acts for an organisation of the site from now on; the id of this.

    NotFound, SiteStateWrong, OrganisationLeft, PersonPosted. SiteInputInvalid unless he has the role `site` on a region around it;
    whoever is unknown, disabled or elsewhere is answered alike.
    """
    site = await _open_site(uow, scope, project_id)
    await _present(uow, project_id, site_organisation_id)
    who = await principal_now(uow.driver, kind="staff", principal_id=staff_id)
    if not any(one.role is Role.SITE and site["region_path"].startswith(one.region_path) for one in who.grants):
        raise SiteInputInvalid.at(
            "/staff_id", zh="此人员没有该区域的现场人员账号", en="has no account for sites of this region"
        )
    posted = new_id()
    try:
        await uow.driver.execute(
            POST, posted, project_id, site_organisation_id, staff_id, position, uow.actor.id, uow.now
        )
    except UniqueViolationError as error:
        raise PersonPosted from error
    uow.record(
        SitePersonPosted(site_person_id=posted, staff_id=staff_id),
        subject="site",
        subject_id=project_id,
        region_path=site["region_path"],
    )
    return posted


async def withdraw(uow: UnitOfWork, *, scope: Scope, project_id: UUID, site_person_id: UUID) -> None:
    """He sees and does nothing there any more. NotFound, PersonLeft."""
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    person = await queries.person_on_site(uow.driver, project_id=project_id, site_person_id=site_person_id)
    if person["left_at"] is not None:
        raise PersonLeft
    await uow.driver.execute(PERSON_LEAVES, site_person_id, uow.now, uow.actor.id)
    uow.record(
        SitePersonLeft(site_person_id=site_person_id, staff_id=person["staff_id"]),
        subject="site",
        subject_id=project_id,
        region_path=site["region_path"],
    )


async def _open_site(uow: UnitOfWork, scope: Scope, project_id: UUID) -> "Record":
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    if site["state"] == State.HANDED_OVER:
        raise SiteStateWrong(state=site["state"])
    return site


async def _present(uow: UnitOfWork, project_id: UUID, site_organisation_id: UUID) -> "Record":
    organisation = await queries.organisation_on_site(
        uow.driver, project_id=project_id, site_organisation_id=site_organisation_id
    )
    if organisation["left_at"] is not None:
        raise OrganisationLeft
    return organisation
