"""What routes of sites take and answer."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import Document, In, Name, OpenReason
from services.core.identity.access import SiteRole
from services.core.works.rules import Action, State
from services.core.works.service import Planned

Grade = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,63}$", examples=["medium"])]


class SiteIn(In):
    """The works of a project: from when to when they are planned, both days included, and their risk grade once graded."""

    planned_start: Annotated[date, Field(examples=["2027-03-15"])]
    planned_end: Annotated[date, Field(examples=["2027-10-31"])]
    risk: Grade | None = None

    def planned(self) -> Planned:
        """The same for the use case."""
        return Planned(self.planned_start, self.planned_end, self.risk)


class SiteChangeIn(SiteIn):
    """The whole record anew. `reason`: needed once works have started."""

    reason: OpenReason | None = None


class SiteMoveIn(In):
    """Why, and by which document."""

    reason: OpenReason | None = None
    document: Document | None = None


class SiteOut(BaseModel):
    """The works of a project, and where they stand."""

    project_id: UUID
    project_no: str
    project_title: str
    region_id: UUID
    state: State
    risk: str | None
    planned_start: date
    planned_end: date
    version: int
    opened_at: datetime


class SitePage(BaseModel):
    """A page of sites, by region."""

    items: list[SiteOut]
    next_cursor: str | None
    has_more: bool


class SiteQuery(In):
    """Which sites a list shows. `organisation_id`: those where it takes part now."""

    state: State | None = None
    risk: Grade | None = None
    organisation_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class SiteEntryOut(BaseModel):
    """One step of a site's way, and how it stood afterwards."""

    id: UUID
    action: Action
    state: State
    risk: str | None
    planned_start: date
    planned_end: date
    reason: str | None
    document: str | None
    by: UUID | None
    at: datetime


class SiteEntryPage(BaseModel):
    """A page of steps, the first first."""

    items: list[SiteEntryOut]
    next_cursor: str | None
    has_more: bool


class SiteOrganisationIn(In):
    """Who takes part in which role. `document`: the contract or the decision that names it."""

    organisation_id: UUID
    role: SiteRole
    document: Document | None = None


class SiteOrganisationOut(BaseModel):
    """An organisation on a site, until it left."""

    id: UUID
    organisation_id: UUID
    organisation_name: str
    uscc: str | None
    role: SiteRole
    document: str | None
    joined_at: datetime
    left_at: datetime | None


class SiteOrganisationPage(BaseModel):
    """A page of organisations, the earliest first."""

    items: list[SiteOrganisationOut]
    next_cursor: str | None
    has_more: bool


class SiteOrganisationQuery(In):
    """`present=true`: who is there now; `present=false`: who left."""

    present: bool | None = None
    role: SiteRole | None = None
    limit: Any = None
    cursor: Any = None


class SitePersonIn(In):
    """Who acts for which organisation of the site, and as what."""

    site_organisation_id: UUID
    staff_id: UUID
    position: Annotated[Name, Field(examples=["项目经理"])]


class SitePersonOut(BaseModel):
    """Somebody who acts for an organisation on a site, until he left."""

    id: UUID
    site_organisation_id: UUID
    organisation_id: UUID
    organisation_name: str
    role: SiteRole
    staff_id: UUID
    display_name: str
    position: str
    joined_at: datetime
    left_at: datetime | None


class SitePersonPage(BaseModel):
    """A page of people, the earliest first."""

    items: list[SitePersonOut]
    next_cursor: str | None
    has_more: bool


class SitePersonQuery(In):
    """`present=true`: who is there now; `present=false`: who left."""

    present: bool | None = None
    site_organisation_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class PostOut(BaseModel):
    """A post that the caller holds now."""

    site_person_id: UUID
    project_id: UUID
    project_no: str
    project_title: str
    organisation_id: UUID
    organisation_name: str
    role: SiteRole
    position: str
    state: State


class PostPage(BaseModel):
    """A page of one's own posts, the earliest first."""

    items: list[PostOut]
    next_cursor: str | None
    has_more: bool
