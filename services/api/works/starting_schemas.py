"""What routes of commitments and of a start take and answer."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.ownership.schemas import PersonName
from services.api.wire import Document, In, OpenReason
from services.core.identity.access import SiteRole
from services.core.works.commitments import Purpose, Signature
from services.core.works.rules import ExceptionState, Requirement, Signer

FileIds = Annotated[list[UUID], Field(min_length=1, max_length=20)]


class CommitmentIn(In):
    """A signature with the scan that shows it."""

    site_organisation_id: UUID
    signer: Signer
    name: PersonName
    signed_on: Annotated[date, Field(examples=["2026-01-05"])]
    document: Annotated[Document, Field(examples=["工程质量终身责任承诺书 第1号"])]
    file_ids: FileIds

    def signature(self) -> Signature:
        """The same for the use case."""
        return Signature(self.site_organisation_id, self.signer, self.name, self.signed_on, self.document)


class WhyIn(In):
    """Why."""

    reason: OpenReason


class CommitmentOut(BaseModel):
    """A signature. `name` is masked; `counts`: it is neither withdrawn nor its organisation gone."""

    id: UUID
    site_organisation_id: UUID
    organisation_id: UUID
    organisation_name: str
    role: SiteRole
    signer: Signer
    name: str
    signed_on: date
    document: str
    file_ids: list[UUID]
    counts: bool
    recorded_by: UUID | None
    recorded_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str | None


class CommitmentPage(BaseModel):
    """A page of signatures, the earliest first."""

    items: list[CommitmentOut]
    next_cursor: str | None
    has_more: bool


class CommitmentQuery(In):
    """`counts=true`: those that a start may rest on."""

    counts: bool | None = None
    role: SiteRole | None = None
    limit: Any = None
    cursor: Any = None


class RevealNameIn(In):
    """What the whole name is needed for."""

    purpose: Purpose


class RevealedNameOut(BaseModel):
    """A name in the clear."""

    name: str


class RequirementOut(BaseModel):
    """What a start needs, and what is lacking of it. `excepted`: two people let works start without it."""

    requirement: Requirement
    met: bool
    excepted: bool
    missing_zh: str | None
    missing_en: str | None


class RequirementsOut(BaseModel):
    """All that a start needs of the site; `passed` when it may begin, as far as the site goes."""

    passed: bool
    items: list[RequirementOut]


class StartExceptionIn(In):
    """What works are to start without, why, and by which document. Another person decides."""

    requirement: Annotated[Requirement, Field(examples=["review"])]
    reason: OpenReason
    document: Document


class DecideIn(In):
    """Whether it is agreed to; why not, or why."""

    agree: bool
    reason: OpenReason | None = None


class StartExceptionOut(BaseModel):
    """An exception that was asked for, and what became of it."""

    id: UUID
    requirement: Requirement
    state: ExceptionState
    reason: str
    document: str
    asked_by: UUID | None
    asked_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision_reason: str | None


class StartExceptionPage(BaseModel):
    """A page of exceptions, the earliest first."""

    items: list[StartExceptionOut]
    next_cursor: str | None
    has_more: bool


class StartExceptionQuery(In):
    """Which of them."""

    state: ExceptionState | None = None
    limit: Any = None
    cursor: Any = None
