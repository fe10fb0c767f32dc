"""What waits for a resident, and his votes: put together from what surveys, votes and consultations know."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from services.api.deps import Page, Reader
from services.api.security import Access, requires
from services.core.consultations import queries as consultations
from services.core.consultations.bound import bound
from services.core.consultations.rules import Matter
from services.core.identity.access import Permission
from services.core.kit.calendar import day_of
from services.core.residents import consents
from services.core.residents.rules import Topic
from services.core.surveys import residents as surveys
from services.core.surveys.rules import Purpose
from services.core.votes import queries as votes
from services.core.votes.lifecycle import VoteStatus

if TYPE_CHECKING:
    import asyncpg

router = APIRouter(prefix="/v1/me", tags=["me"])
ResidentMe = Annotated[Access, requires(Permission.RESIDENT_ACT)]
FIRST, NEWEST = UUID(int=0), UUID(int=2**128 - 1)
SHOWN = 10
"""Of each kind: the whole list fits the mini-program's 32 KB. `more` says that there are others."""
MOST = 20
"""Votes on a page, for the same reason."""


class WaitingVote(BaseModel):
    """A vote that is open; `uncounted`: heads of his for which nothing counts yet."""

    vote_id: UUID
    title: str
    compound_name: str
    closes_at: datetime
    uncounted: int


class WaitingSurvey(BaseModel):
    """A survey that asks him at a door."""

    survey_id: UUID
    unit_id: UUID
    title: str
    purpose: Purpose
    closes_on: date | None
    door_no: str


class WaitingConsultation(BaseModel):
    """A consultation that one of his doors has not answered."""

    consultation_id: UUID
    compound_name: str
    matter: Matter


class WaitingConsent(BaseModel):
    """A text that he has said nothing about, as it reads now. No duty: it may stay unanswered or be refused."""

    topic: Topic
    number: int
    title: str


class TodoOut(BaseModel):
    """What waits, the most urgent first in each kind."""

    votes: list[WaitingVote]
    surveys: list[WaitingSurvey]
    consultations: list[WaitingConsultation]
    consents: list[WaitingConsent]
    more: bool


class OwnVote(BaseModel):
    """A vote in which the caller has a head."""

    id: UUID
    title: str
    status: VoteStatus
    opens_on: date | None
    closes_at: datetime | None
    matters: int
    compound_name: str
    heads: int
    uncounted: int


class OwnVotePage(BaseModel):
    """A page of votes, the newest first."""

    items: list[OwnVote]
    next_cursor: str | None
    has_more: bool


class OwnVoteQuery(BaseModel):
    """Which votes."""

    model_config = ConfigDict(extra="forbid")
    status: VoteStatus | None = None
    limit: Any = None
    cursor: Any = None


@router.get("/todo", response_model=TodoOut)
async def todo(access: ResidentMe, reader: Reader) -> Response:
    """What waits for the caller's ballot, answer or word; at most ten of each kind."""
    resident_id, language, now = access.principal.id, access.principal.language, datetime.now(UTC)
    open_votes = await reader.fetch(votes.WAITING_FOR_RESIDENT, resident_id, now, SHOWN + 1)
    asked = await surveys.surveys_of(
        reader, resident_id=resident_id, today=day_of(now), waiting=True, after=(FIRST, FIRST), limit=SHOWN + 1
    )
    own = await bound(reader, resident_id=resident_id)
    consulted = await reader.fetch(consultations.WAITING_FOR_PROPERTIES, own.properties, own.owned, SHOWN + 1)
    texts = [row for row in await reader.fetch(consents.MINE, resident_id) if row["answer"] is None]
    out = TodoOut(
        votes=[WaitingVote(vote_id=row["id"], **_told(WaitingVote, row)) for row in open_votes[:SHOWN]],
        surveys=[WaitingSurvey(**_told(WaitingSurvey, row)) for row in asked[:SHOWN]],
        consultations=[
            WaitingConsultation(consultation_id=row["id"], **_told(WaitingConsultation, row))
            for row in consulted[:SHOWN]
        ],
        consents=[
            WaitingConsent(topic=row["topic"], number=row["number"], title=row[f"title_{language}"]) for row in texts
        ],
        more=max(len(open_votes), len(asked), len(consulted)) > SHOWN,
    )
    return Response(to_json(out), media_type="application/json")


def _told(model: type[BaseModel], row: "asyncpg.Record") -> dict[str, Any]:
    """The columns of a row that go by the names of fields."""
    return {name: row[name] for name in model.model_fields if name in row}


@router.get("/votes", response_model=OwnVotePage)
async def list_own_votes(
    access: ResidentMe, reader: Reader, page: Page, wanted: Annotated[OwnVoteQuery, Query()]
) -> Response:
    """The votes in which the caller is a co-owner of a head by the register of today, past ones too; at most 20 a page."""
    page = replace(page, limit=min(page.limit, MOST))
    (before,) = page.after([UUID]) or [NEWEST]
    rows = await reader.fetch(votes.OF_RESIDENT, access.principal.id, before, wanted.status, page.limit + 1)
    items = [OwnVote.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (row["id"],))
