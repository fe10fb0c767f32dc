"""Events of a site."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.core.identity.access import SiteRole
from services.core.kit.events import Event
from services.core.works.rules import (
    Action,
    BatchState,
    ObjectionState,
    Signer,
    State,
    UtilityAction,
    UtilityState,
    Verdict,
)


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


class AreaAdded(Event):
    """A part of the site has a name that plans can use."""

    kind: ClassVar[str] = "site.area_added"
    area_id: UUID


class BlackoutSet(Event):
    """Sites of a region rest on some days."""

    kind: ClassVar[str] = "blackout.set"
    starts_on: date
    ends_on: date


class BlackoutChanged(Event):
    """Those days were put right."""

    kind: ClassVar[str] = "blackout.changed"
    starts_on: date
    ends_on: date


class BlackoutTakenBack(Event):
    """They rest no more."""

    kind: ClassVar[str] = "blackout.lifted"


class UtilityTold(Event):
    """A utility was told of a site."""

    kind: ClassVar[str] = "utility_task.told"
    project_id: UUID
    organisation_id: UUID


class UtilityMoved(Event):
    """It planned, confirmed that there is nothing to do, or has done it; or it is asked no more."""

    kind: ClassVar[str] = "utility_task.moved"
    project_id: UUID
    action: UtilityAction
    state: UtilityState


class MaterialRegistered(Event):
    """A material is in the site's register."""

    kind: ClassVar[str] = "material.registered"
    project_id: UUID


class MaterialChanged(Event):
    """Its description was put right."""

    kind: ClassVar[str] = "material.changed"
    project_id: UUID
    version: int


class MaterialRecorded(Event):
    """A sample, certificate or report is on record."""

    kind: ClassVar[str] = "material_record.shown"
    project_id: UUID
    material_id: UUID


class RecordTakenBack(Event):
    """One that was wrong counts no more."""

    kind: ClassVar[str] = "material_record.withdrawn"
    project_id: UUID
    material_id: UUID


class BatchArrived(Event):
    """A batch arrived."""

    kind: ClassVar[str] = "material_batch.arrived"
    project_id: UUID
    material_id: UUID


class BatchChecked(Event):
    """It was accepted, rejected, or withdrawn."""

    kind: ClassVar[str] = "material_batch.decided"
    project_id: UUID
    material_id: UUID
    state: BatchState


class PurchaseMade(Event):
    """Sites of a region buy together."""

    kind: ClassVar[str] = "purchase.made"
    organisation_id: UUID


class BoardPutUp(Event):
    """A board shows how a work is done."""

    kind: ClassVar[str] = "method_board.put_up"
    project_id: UUID


class BoardTaken(Event):
    """It hangs there no more."""

    kind: ClassVar[str] = "method_board.taken_down"
    project_id: UUID


class NoticePosted(Event):
    """A notice hangs at a site."""

    kind: ClassVar[str] = "site_notice.posted"
    project_id: UUID
    open_until: date | None


class NoticeTakenBack(Event):
    """One that was wrong hangs no more."""

    kind: ClassVar[str] = "site_notice.withdrawn"
    project_id: UUID


class ObjectionReceived(Event):
    """Somebody objects to the works."""

    kind: ClassVar[str] = "site_objection.received"
    project_id: UUID
    notice_id: UUID | None


class ObjectionEnded(Event):
    """It was answered, in time or late."""

    kind: ClassVar[str] = "site_objection.answered"
    project_id: UUID
    state: ObjectionState
    late: bool
