"""Events of a site."""

from typing import ClassVar
from uuid import UUID

from services.core.identity.access import SiteRole
from services.core.kit.events import Event
from services.core.works.rules import Action, Signer, State


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
