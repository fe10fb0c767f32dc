"""Events of selection rounds."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.core.kit.events import Event


class RoundOpened(Event):
    """A round was made."""

    kind: ClassVar[str] = "round.opened"
    year: int


class RoundChanged(Event):
    """A draft round was changed."""

    kind: ClassVar[str] = "round.changed"
    version: int


class RoundFrozen(Event):
    """The facts of every candidate were copied."""

    kind: ClassVar[str] = "round.frozen"
    freeze_id: UUID
    number: int
    digest: str
    candidates: int


class RunRequested(Event):
    """A computation over a freeze was asked for."""

    kind: ClassVar[str] = "run.requested"
    run_id: UUID
    freeze_id: UUID


class RunFinished(Event):
    """A computation ended with results."""

    kind: ClassVar[str] = "run.finished"
    run_id: UUID
    digest: str


class RoundWasPublished(Event):
    """The public can read the ranking; the notice runs until `notice_until`."""

    kind: ClassVar[str] = "round.published"
    run_id: UUID
    publication_id: UUID
    notice_until: date
    provisional: bool


class NoticeRecomputed(Event):
    """The holidays are announced: a notice that rested on a provisional calendar ends on its legal day, or later as it was told."""

    kind: ClassVar[str] = "round.notice_recomputed"
    publication_id: UUID | None
    supplement_id: UUID | None
    before: date
    notice_until: date
    provisional: bool


class ObjectionRecorded(Event):
    """Somebody objects to what was published of a round, or to a supplement; what he says stays in the record."""

    kind: ClassVar[str] = "objection.recorded"
    objection_id: UUID
    publication_id: UUID | None
    supplement_id: UUID | None
    late: bool


class ObjectionDecided(Event):
    """A second person decided an objection; reason and document are in the record. `moot`: another had brought about the same."""

    kind: ClassVar[str] = "objection.decided"
    objection_id: UUID
    upheld: bool
    moot: bool = False


class RoundWasReopened(Event):
    """What was published is to be corrected: facts are frozen anew, and a full notice follows."""

    kind: ClassVar[str] = "round.reopened"
    publication_id: UUID


class ApprovalGiven(Event):
    """A bureau answered a publication; its document is in the record."""

    kind: ClassVar[str] = "approval.given"
    approval_id: UUID
    publication_id: UUID
    approved: bool


class PlanConfirmed(Event):
    """A round became part of the annual plan."""

    kind: ClassVar[str] = "plan.confirmed"
    plan_id: UUID
    run_id: UUID
    implement: int
    reserve: int
    later: int


class PlanAdjusted(Event):
    """Budget or client unit of a project of the plan was changed; the document is in the record."""

    kind: ClassVar[str] = "plan.adjusted"
    plan_id: UUID
    number: int


class SupplementProposed(Event):
    """One person proposes to stop a project of the plan; ground and note are in the record."""

    kind: ClassVar[str] = "supplement.proposed"
    supplement_id: UUID
    round_id: UUID


class SupplementPublished(Event):
    """A second person stopped a project of the plan; who shall take its place, where a reserve passes, is on notice."""

    kind: ClassVar[str] = "supplement.published"
    supplement_id: UUID
    round_id: UUID
    added_project_id: UUID | None
    notice_until: date
    provisional: bool


class SupplementConfirmed(Event):
    """The notice of a supplement is over, and who was on notice is in the plan."""

    kind: ClassVar[str] = "supplement.confirmed"
    supplement_id: UUID
    round_id: UUID
    plan_id: UUID
    added_project_id: UUID | None


class SupplementWithdrawn(Event):
    """An objection to a supplement was upheld: nobody enters by it, and its place is free."""

    kind: ClassVar[str] = "supplement.withdrawn"
    supplement_id: UUID
    round_id: UUID


class SupplementCancelled(Event):
    """A proposed supplement was taken back; the plan is as it was."""

    kind: ClassVar[str] = "supplement.cancelled"
    supplement_id: UUID
    round_id: UUID
