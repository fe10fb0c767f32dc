"""Reads of sites, of organisations on them and of their people.

Every statement takes the caller's scope with the projects where he has a post: an inspector of one site sees no other.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, ColumnElement, Integer, String, Uuid, bindparam, func, or_, select, tuple_

from services.core.desks.models import Organisation
from services.core.identity.models import Staff
from services.core.kit.database import Statement, in_scope_or_project
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.scope import Scope
from services.core.projects.models import Project
from services.core.works.models import Site, SiteEntry, SiteOrganisation, SitePerson

if TYPE_CHECKING:
    import asyncpg


def given(name: str, column: Any) -> ColumnElement[bool]:
    """The column has this value, where one is given."""
    value: Any = bindparam(name, type_=column.type)
    return or_(value.is_(None), column == value)


def live(name: str, left_at: Any) -> ColumnElement[bool]:
    """Those who are there now, or who left, where one of both is asked for."""
    value = bindparam(name, type_=Boolean)
    return or_(value.is_(None), left_at.is_(None) == value)


IN_SITE_SCOPE = in_scope_or_project(Site.region_path, Site.project_id)
"""The site lies in the caller's regions, or he has a post there; takes `scope.parameters`."""

OF_SITE = Site.project_id == bindparam("project_id", type_=Uuid())
_SITE = select(
    Site.project_id,
    Project.no.label("project_no"),
    Project.title.label("project_title"),
    Site.region_path,
    Project.region_id,
    Project.policy_version_id,
    Site.state,
    Site.risk,
    Site.planned_start,
    Site.planned_end,
    Site.version,
    Site.opened_at,
).join(Project, Project.id == Site.project_id)
SITE = Statement(_SITE.where(OF_SITE, IN_SITE_SCOPE))
# Whoever writes to a site holds its row, so of a start and of what it depends on one waits for the other.
SITE_LOCKED = Statement(_SITE.where(OF_SITE, IN_SITE_SCOPE).with_for_update(of=Site, key_share=True))
# Those who write many rows of one site at once hold it shared: beside each other, not beside a change of its state.
SITE_HELD = Statement(_SITE.where(OF_SITE, IN_SITE_SCOPE).with_for_update(of=Site, read=True))
SITES = Statement(
    _SITE.where(
        tuple_(Site.region_path, Site.project_id)
        > tuple_(bindparam("after_path", type_=String).collate("C"), bindparam("after_id", type_=Uuid())),
        IN_SITE_SCOPE,
        given("state", Site.state),
        given("risk", Site.risk),
        or_(
            bindparam("organisation_id", type_=Uuid()).is_(None),
            select(SiteOrganisation.id)
            .where(
                SiteOrganisation.project_id == Site.project_id,
                SiteOrganisation.organisation_id == bindparam("organisation_id", type_=Uuid()),
                SiteOrganisation.left_at.is_(None),
            )
            .exists(),
        ),
    )
    .order_by(Site.region_path, Site.project_id)
    .limit(bindparam("limit", type_=Integer))
)
ENTRIES = Statement(
    select(
        SiteEntry.id,
        SiteEntry.action,
        SiteEntry.state,
        SiteEntry.risk,
        SiteEntry.planned_start,
        SiteEntry.planned_end,
        SiteEntry.reason,
        SiteEntry.document,
        SiteEntry.by,
        SiteEntry.at,
    )
    .where(
        SiteEntry.project_id == bindparam("project_id", type_=Uuid()), SiteEntry.id > bindparam("after", type_=Uuid())
    )
    .order_by(SiteEntry.id)
    .limit(bindparam("limit", type_=Integer))
)

_ORGANISATION = select(
    SiteOrganisation.id,
    SiteOrganisation.project_id,
    SiteOrganisation.organisation_id,
    Organisation.name.label("organisation_name"),
    Organisation.uscc,
    SiteOrganisation.role,
    SiteOrganisation.document,
    SiteOrganisation.joined_at,
    SiteOrganisation.left_at,
).join(Organisation, Organisation.id == SiteOrganisation.organisation_id)
_OF_PROJECT = SiteOrganisation.project_id == bindparam("project_id", type_=Uuid())
ORGANISATIONS = Statement(
    _ORGANISATION.where(
        _OF_PROJECT,
        SiteOrganisation.id > bindparam("after", type_=Uuid()),
        live("present", SiteOrganisation.left_at),
        given("role", SiteOrganisation.role),
    )
    .order_by(SiteOrganisation.id)
    .limit(bindparam("limit", type_=Integer))
)
ORGANISATION = Statement(
    _ORGANISATION.where(_OF_PROJECT, SiteOrganisation.id == bindparam("site_organisation_id", type_=Uuid()))
)

_PERSON = (
    select(
        SitePerson.id,
        SitePerson.project_id,
        SitePerson.site_organisation_id,
        SiteOrganisation.organisation_id,
        Organisation.name.label("organisation_name"),
        SiteOrganisation.role,
        SitePerson.staff_id,
        Staff.display_name,
        SitePerson.position,
        SitePerson.joined_at,
        SitePerson.left_at,
    )
    .join(SiteOrganisation, SiteOrganisation.id == SitePerson.site_organisation_id)
    .join(Organisation, Organisation.id == SiteOrganisation.organisation_id)
    .join(Staff, Staff.id == SitePerson.staff_id)
)
_PERSON_OF_PROJECT = SitePerson.project_id == bindparam("project_id", type_=Uuid())
PEOPLE = Statement(
    _PERSON.where(
        _PERSON_OF_PROJECT,
        SitePerson.id > bindparam("after", type_=Uuid()),
        live("present", SitePerson.left_at),
        given("site_organisation_id", SitePerson.site_organisation_id),
    )
    .order_by(SitePerson.id)
    .limit(bindparam("limit", type_=Integer))
)
PERSON = Statement(_PERSON.where(_PERSON_OF_PROJECT, SitePerson.id == bindparam("site_person_id", type_=Uuid())))

# One's own posts now: on the sites that the caller's token stands for.
POSTS = Statement(
    select(
        SitePerson.id.label("site_person_id"),
        SitePerson.project_id,
        Project.no.label("project_no"),
        Project.title.label("project_title"),
        SiteOrganisation.organisation_id,
        Organisation.name.label("organisation_name"),
        SiteOrganisation.role,
        SitePerson.position,
        Site.state,
    )
    .join(SiteOrganisation, SiteOrganisation.id == SitePerson.site_organisation_id)
    .join(Organisation, Organisation.id == SiteOrganisation.organisation_id)
    .join(Site, Site.project_id == SitePerson.project_id)
    .join(Project, Project.id == SitePerson.project_id)
    .where(
        SitePerson.staff_id == bindparam("staff_id", type_=Uuid()),
        SitePerson.left_at.is_(None),
        SiteOrganisation.left_at.is_(None),
        SitePerson.project_id == func.any(bindparam("project_ids", type_=ARRAY(Uuid()))),
        SitePerson.id > bindparam("after", type_=Uuid()),
    )
    .order_by(SitePerson.id)
    .limit(bindparam("limit", type_=Integer))
)


async def site_of(driver: "asyncpg.Connection", *, scope: Scope, project_id: UUID) -> "asyncpg.Record":
    """The site of a project, for who may see it; NotFound otherwise, as for a project without one."""
    row = await SITE.first(driver, project_id=project_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def locked(
    driver: "asyncpg.Connection", *, scope: Scope, project_id: UUID, version: int | None = None
) -> "asyncpg.Record":
    """The same, its row held until the transaction ends. NotFound; VersionStale in another version than given."""
    row = await SITE_LOCKED.first(driver, project_id=project_id, **scope.parameters)
    if row is None:
        raise NotFound
    if version is not None and row["version"] != version:
        raise VersionStale
    return row


async def held(driver: "asyncpg.Connection", *, scope: Scope, project_id: UUID) -> "asyncpg.Record":
    """The same, held beside other writers: its state stays as it is until the transaction ends. NotFound."""
    row = await SITE_HELD.first(driver, project_id=project_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def organisation_on_site(
    driver: "asyncpg.Connection", *, project_id: UUID, site_organisation_id: UUID
) -> "asyncpg.Record":
    """An organisation of a site that the caller may see; NotFound otherwise."""
    row = await ORGANISATION.first(driver, project_id=project_id, site_organisation_id=site_organisation_id)
    if row is None:
        raise NotFound
    return row


async def person_on_site(driver: "asyncpg.Connection", *, project_id: UUID, site_person_id: UUID) -> "asyncpg.Record":
    """Somebody on a site that the caller may see; NotFound otherwise."""
    row = await PERSON.first(driver, project_id=project_id, site_person_id=site_person_id)
    if row is None:
        raise NotFound
    return row
