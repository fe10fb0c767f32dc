"""Events of owner votes. None tells a choice: events are read while the vote is sealed. What residents do tells no resident:
who has cast which ballot is in the ledger alone.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.core.kit.events import Event
from services.core.votes.lifecycle import Assurance, Channel, ObjectionTo, Served


class VoteMade(Event):
    """A vote was drawn up."""

    kind: ClassVar[str] = "vote.made"
    project_id: UUID
    matters: int


class VoteRollPublished(Event):
    """The roll is on notice; `digest` says which."""

    kind: ClassVar[str] = "vote.roll_published"
    revision: int
    digest: str
    heads: int
    properties: int
    notice_until: date


class VoteNotified(Event):
    """The vote was announced."""

    kind: ClassVar[str] = "vote.notified"
    opens_on: date
    closes_on: date


class VoteNoticeServed(Event):
    """So many owners were given the notice."""

    kind: ClassVar[str] = "vote.notice_served"
    how: Served
    owners: int


class VoteOpened(Event):
    """The roll is frozen, ballots are taken."""

    kind: ClassVar[str] = "vote.opened"
    digest: str
    closes_on: date


class VoteExtended(Event):
    """The last day is later than announced."""

    kind: ClassVar[str] = "vote.extended"
    closes_on: date


class VoteWasClosed(Event):
    """No more ballots are taken."""

    kind: ClassVar[str] = "vote.closed"


class VoteResultPublished(Event):
    """The preliminary result is on notice."""

    kind: ClassVar[str] = "vote.result_published"
    revision: int
    digest: str
    notice_until: date


class VoteCountReopened(Event):
    """An objection to the result was upheld: ballots are put right, and counted again."""

    kind: ClassVar[str] = "vote.count_reopened"
    objection_id: UUID


class VoteFinalised(Event):
    """The result is final; `digest` is the certificate's. `passed`: the numbers of the matters that did."""

    kind: ClassVar[str] = "vote.finalised"
    digest: str
    passed: list[int]


class VoteWasCancelled(Event):
    """The vote decides nothing."""

    kind: ClassVar[str] = "vote.cancelled"


class VoteObjectionRecorded(Event):
    """Somebody objects to the roll or to the result."""

    kind: ClassVar[str] = "vote.objected"
    objection_id: UUID
    about: ObjectionTo
    late: bool


class VoteObjectionWasDecided(Event):
    """An objection was upheld or rejected."""

    kind: ClassVar[str] = "vote.objection_decided"
    objection_id: UUID
    upheld: bool


class BallotCast(Event):
    """A ballot is in the ledger."""

    kind: ClassVar[str] = "ballot.cast"
    ballot_id: UUID
    channel: Channel
    assurance: Assurance


class BallotConfirmed(Event):
    """A second person has read the same from the paper."""

    kind: ClassVar[str] = "ballot.confirmed"
    ballot_id: UUID


class BallotCorrected(Event):
    """A ballot was entered wrongly and put right."""

    kind: ClassVar[str] = "ballot.corrected"
    ballot_id: UUID


class BallotVoidAsked(Event):
    """Somebody asks that a ballot should not count; a second person has to say so too."""

    kind: ClassVar[str] = "ballot.void_asked"
    ballot_id: UUID


class BallotVoided(Event):
    """A ballot does not count."""

    kind: ClassVar[str] = "ballot.voided"
    ballot_id: UUID
