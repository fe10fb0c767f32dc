"""Events of a site."""

from typing import ClassVar
from uuid import UUID

from services.core.identity.access import SiteRole
from services.core.kit.events import Event
from services.core.works.rules import Action, Signer, State, Verdict


class SiteOpened(Event):
    """The works of a project are prepared from now on."""

    kind: ClassVar[str] = "site.opened"


class SiteChanged(Event):
    """Dates or risk grade were changed."""

    kind: ClassVar[str] = "site.changed"
    version: int


class SiteMoved(Event):
    """The works stand elsewhere now."""

    kind: ClassVar[str] = "site.moved"
    action: Action
    state: State


class SiteOrganisationJoined(Event):
    """An organisation takes part in the works."""

    kind: ClassVar[str] = "site.organisation_joined"
    site_organisation_id: UUID
    organisation_id: UUID
    role: SiteRole


class SiteOrganisationLeft(Event):
    """An organisation takes no part any more, nor do its people."""

    kind: ClassVar[str] = "site.organisation_left"
    site_organisation_id: UUID
    organisation_id: UUID
    people: int


class SitePersonPosted(Event):
    """Somebody acts for an organisation on the site."""

    kind: ClassVar[str] = "site.person_posted"
    site_person_id: UUID
    staff_id: UUID


class SitePersonLeft(Event):
    """Somebody does so no longer."""

    kind: ClassVar[str] = "site.person_left"
    site_person_id: UUID
    staff_id: UUID


class CommitmentSigned(Event):
    """A signature of lifetime commitment is on record."""

    kind: ClassVar[str] = "commitment.signed"
    project_id: UUID
    role: SiteRole
    signer: Signer


class CommitmentTakenBack(Event):
    """One that was recorded wrongly counts no more."""

    kind: ClassVar[str] = "commitment.withdrawn"
    project_id: UUID
    role: SiteRole
    signer: Signer


class ReviewOpened(Event):
    """Departments are asked for their opinions, in the first round or about a revision."""

    kind: ClassVar[str] = "review.opened"
    project_id: UUID
    number: int
    plan_number: int | None
    parts: int


class ReviewPartAsked(Event):
    """A department's desk is asked."""

    kind: ClassVar[str] = "review_part.asked"
    project_id: UUID
    review_id: UUID
    desk_id: UUID


class ReviewPartAnswered(Event):
    """It said something; the last word counts."""

    kind: ClassVar[str] = "review_part.answered"
    project_id: UUID
    review_id: UUID
    verdict: Verdict
    late: bool


class ReviewEnded(Event):
    """All have answered, or let their time pass. `agreed`: nobody disagrees."""

    kind: ClassVar[str] = "review.ended"
    project_id: UUID
    agreed: bool
    overdue: int


class StartExceptionAsked(Event):
    """Somebody asks that works start without something."""

    kind: ClassVar[str] = "start_exception.asked"
    project_id: UUID


class StartExceptionEnded(Event):
    """Another agreed, or not."""

    kind: ClassVar[str] = "start_exception.decided"
    project_id: UUID
    agreed: bool
