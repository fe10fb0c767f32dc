"""What waits for a resident, and his votes: put together from what surveys, votes, consultations and the selection know."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from services.api.deps import Page, Reader
from services.api.security import Access, requires
from services.core.consultations import lift_queries
from services.core.consultations import queries as consultations
from services.core.consultations.bound import bound
from services.core.consultations.rules import Matter
from services.core.identity.access import Permission
from services.core.kit.calendar import day_of
from services.core.residents import consents
from services.core.residents import queries as residents
from services.core.residents.rules import Topic
from services.core.selection import annual_queries as selection
from services.core.surveys import residents as surveys
from services.core.surveys.rules import Purpose
from services.core.votes import reading
from services.core.votes.lifecycle import VoteStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

router = APIRouter(prefix="/v1/me", tags=["me"])
ResidentMe = Annotated[Access, requires(Permission.RESIDENT_ACT)]
FIRST, NEWEST = UUID(int=0), UUID(int=2**128 - 1)
SHOWN, MOST_BYTES = 10, 32_768
"""Of each kind so many, fewer where long names would not fit the mini-program's 32 KB. `more` says that there are others."""
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


class WaitingLift(BaseModel):
    """A lift asked for in an entrance of his: the community has to begin until `due_at`, or consults it now."""

    lift_request_id: UUID
    compound_name: str
    building_no: str
    entrance_no: str
    state: Literal["requested", "consulting"]
    due_at: datetime | None
    overdue: bool


class WaitingNotice(BaseModel):
    """Something on public notice that concerns his compound, and until when it is: the roll of a vote, the vote itself, its result,
    or a ranking of projects. `id`: the vote's, or the round's.
    """

    kind: Literal["vote_roll", "vote", "vote_result", "ranking"]
    id: UUID
    title: str
    until: date


class WaitingInvitation(BaseModel):
    """A code for his family that nobody has used yet."""

    binding_id: UUID
    compound_name: str
    door_no: str
    expires_at: datetime


class WaitingRequest(BaseModel):
    """What he asked of a community, which has not answered."""

    request_id: UUID
    compound_name: str
    building: str
    door: str
    created_at: datetime


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
    lifts: list[WaitingLift]
    notices: list[WaitingNotice]
    invitations: list[WaitingInvitation]
    requests: list[WaitingRequest]
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
    open_votes = await reader.fetch(reading.WAITING_FOR_RESIDENT, resident_id, now, SHOWN + 1)
    asked = await surveys.surveys_of(
        reader, resident_id=resident_id, today=day_of(now), waiting=True, after=(FIRST, FIRST), limit=SHOWN + 1
    )
    own = await bound(reader, resident_id=resident_id)
    consulted = await reader.fetch(consultations.WAITING_FOR_PROPERTIES, own.properties, own.owned, SHOWN + 1)
    lifted = await lift_queries.OF_ENTRANCES.all(
        reader, property_ids=own.properties, compound_ids=own.compounds, limit=SHOWN + 1
    )
    told = await _notices(reader, own.compounds, day_of(now))
    invited = await reader.fetch(residents.INVITATIONS, resident_id, now, SHOWN + 1)
    requested = await reader.fetch(residents.REQUESTS_WAITING, resident_id, SHOWN + 1)
    texts = [row for row in await reader.fetch(consents.MINE, resident_id) if row["answer"] is None]
    out = TodoOut(
        votes=[WaitingVote(vote_id=row["id"], **_told(WaitingVote, row)) for row in open_votes[:SHOWN]],
        surveys=[WaitingSurvey(**_told(WaitingSurvey, row)) for row in asked[:SHOWN]],
        consultations=[
            WaitingConsultation(consultation_id=row["id"], **_told(WaitingConsultation, row))
            for row in consulted[:SHOWN]
        ],
        lifts=[WaitingLift(lift_request_id=row["id"], **_told(WaitingLift, row)) for row in lifted[:SHOWN]],
        notices=told[:SHOWN],
        invitations=[WaitingInvitation(**dict(row)) for row in invited[:SHOWN]],
        requests=[WaitingRequest(**dict(row)) for row in requested[:SHOWN]],
        consents=[
            WaitingConsent(topic=row["topic"], number=row["number"], title=row[f"title_{language}"]) for row in texts
        ],
        more=max(map(len, (open_votes, asked, consulted, lifted, told, invited, requested))) > SHOWN,
    )
    return Response(fitting(out), media_type="application/json")


async def _notices(reader: "asyncpg.Connection", compound_ids: "Sequence[UUID]", today: date) -> list[WaitingNotice]:
    """What is on notice about some compounds, the first to end first."""
    of_votes = await reader.fetch(reading.NOTICES_OF_COMPOUNDS, compound_ids, today, SHOWN + 1)
    of_rounds = await reader.fetch(selection.NOTICES_OF_COMPOUNDS, compound_ids, today, SHOWN + 1)
    found = [
        *(WaitingNotice(id=row["vote_id"], **_told(WaitingNotice, row)) for row in of_votes),
        *(WaitingNotice(id=row["round_id"], kind="ranking", **_told(WaitingNotice, row)) for row in of_rounds),
    ]
    return sorted(found, key=lambda one: (one.until, one.id))


def fitting(out: TodoOut) -> bytes:
    """As JSON; of the longest list the last is left out until it fits a page."""
    content = to_json(out)
    while len(content) > MOST_BYTES:
        max((getattr(out, name) for name in TodoOut.model_fields if name != "more"), key=len).pop()
        out.more = True
        content = to_json(out)
    return content


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
    rows = await reader.fetch(reading.OF_RESIDENT, access.principal.id, before, wanted.status, page.limit + 1)
    items = [OwnVote.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (row["id"],))
