"""What the routes of ballots take and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.api.wire import Document, In, Reason
from services.core.votes.lifecycle import (
    Assurance,
    Channel,
    Entry,
)
from services.core.votes.rules import Choice

Choices = Annotated[dict[str, Choice], Field(min_length=1, max_length=50, examples=[{"1": "approve"}])]
"""What is chosen, by the number of each matter: every matter has to be there."""


class BallotIn(In):
    """A ballot. An owner on the phone gives the choices, and the head where he stands for several.

    Staff name the head and how it reached them (`channel`, paper when left out), the co-owner who signed it (`person_id`), how sure
    they are who it was, and where the paper is kept.
    """

    owner_id: UUID | None = None
    choices: Choices
    channel: Channel | None = None
    person_id: UUID | None = None
    assurance: Assurance | None = None
    evidence: Document | None = None


class BallotState(BaseModel):
    """A ballot in the ledger. `pending`: a second person has to read the paper too. `contradicting`: co-owners do not agree."""

    ballot_id: UUID
    owner_id: UUID
    state: Literal["counted", "pending", "contradicting"]


class EnteredBallotIn(In):
    """A ballot of a batch."""

    owner_id: UUID
    choices: Choices
    channel: Channel = Channel.PAPER
    person_id: UUID | None = None
    assurance: Assurance = Assurance.ON_SITE
    evidence: Document | None = None


class BallotBatchIn(In):
    """Ballots to enter, each for itself."""

    ballots: list[EnteredBallotIn] = Field(min_length=1, max_length=200)


class RefusedOut(BaseModel):
    """Why a ballot of a batch was refused, in both languages."""

    code: str
    zh: str
    en: str


class BallotAnswer(BaseModel):
    """What became of one ballot of a batch: it is in the ledger, or refused."""

    ballot: BallotState | None
    refused: RefusedOut | None


class BallotBatchOut(BaseModel):
    """An answer for every ballot, in their order."""

    answers: list[BallotAnswer]


class BallotConfirmIn(In):
    """What the second person reads from the paper; nothing where what waits is that a ballot be void."""

    choices: Choices | None = None


class BallotCorrectIn(In):
    """What the paper really says, and how the mistake came about."""

    choices: Choices
    reason: Reason


class BallotVoidIn(In):
    """Why a ballot does not count."""

    reason: Reason


class LineMadeOut(BaseModel):
    """The line that was added to the ledger, or confirmed."""

    ballot_id: UUID


class BallotQuery(In):
    """The lines of one head alone."""

    owner_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class BallotLineOut(BaseModel):
    """A line of the ledger. `choices` is told once the vote has closed."""

    id: UUID
    owner_id: UUID
    n: int
    entry: Entry
    of_id: UUID | None
    choices: list[Choice] | None
    pending: bool
    channel: Channel
    assurance: Assurance
    evidence: str | None
    reason: str | None
    by_kind: str
    by_id: UUID | None
    at: datetime


class BallotPage(BaseModel):
    """A page of the ledger, in the order in which lines were added."""

    items: list[BallotLineOut]
    next_cursor: str | None
    has_more: bool
