"""Routes of ballots: cast by owners, entered by staff, confirmed, put right, made void."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import LoneUow, Page, Reader, Uow, reply
from services.api.security import Access, requires
from services.api.votes.ballot_schemas import (
    BallotAnswer,
    BallotBatchIn,
    BallotBatchOut,
    BallotConfirmIn,
    BallotCorrectIn,
    BallotIn,
    BallotLineOut,
    BallotPage,
    BallotQuery,
    BallotState,
    BallotVoidIn,
    LineMadeOut,
    RefusedOut,
)
from services.api.votes.router import is_resident
from services.core.identity.access import Permission
from services.core.kit.errors import DomainError
from services.core.votes import casting, counting, ledger, queries
from services.core.votes.casting import Cast, Entered, Given
from services.core.votes.errors import BallotInvalid
from services.core.votes.lifecycle import Assurance, Channel

router = APIRouter(prefix="/v1/votes/{vote_id}/ballots", tags=["votes"])
NONE = UUID(int=0)

Entering = Annotated[Access, requires(Permission.VOTE_ENTER)]
Confirming = Annotated[Access, requires(Permission.VOTE_CONFIRM)]


def _state(cast: Cast) -> BallotState:
    state = "pending" if cast.pending else "counted" if cast.counted else "contradicting"
    return BallotState(ballot_id=cast.ballot_id, owner_id=cast.owner_id, state=state)


@router.post("", status_code=201, response_model=BallotState, responses={200: {"model": BallotState}})
async def cast_ballot(
    access: Annotated[Access, requires(Permission.BALLOT_CAST)], uow: LoneUow, vote_id: UUID, body: BallotIn
) -> Response:
    """Casts a ballot: an owner his own, staff one that reached them otherwise. The same again changes nothing (200)."""
    if is_resident(access):
        if body.channel not in (None, Channel.PHONE) or body.person_id or body.assurance or body.evidence:
            raise BallotInvalid.at(
                "/channel", zh="业主只在手机上为自己投票", en="an owner casts by phone, and says nothing of proof"
            )
        cast = await casting.cast(uow, vote_id=vote_id, given=Given(body.owner_id, body.choices))
    else:
        cast = await casting.enter(uow, scope=access.scope, vote_id=vote_id, entered=_entered(body))
    return reply(uow, 201 if cast.changed else 200, _state(cast))


def _entered(body: BallotIn) -> Entered:
    if body.owner_id is None:
        raise BallotInvalid.at("/owner_id", zh="须指明表决人", en="name the head")
    return Entered(
        owner_id=body.owner_id,
        choices=body.choices,
        channel=body.channel or Channel.PAPER,
        assurance=body.assurance or Assurance.ON_SITE,
        person_id=body.person_id,
        evidence=body.evidence,
    )


@router.post("/batch", response_model=BallotBatchOut)
async def enter_batch(access: Entering, uow: Uow, vote_id: UUID, body: BallotBatchIn) -> Response:
    """Enters up to 200 ballots, each for itself: what is wrong with one keeps no other out."""
    await queries.vote_of(uow.driver, scope=access.scope, vote_id=vote_id)
    answers = await casting.enter_many(
        uow, scope=access.scope, vote_id=vote_id, ballots=[Entered(**dict(one)) for one in body.ballots]
    )
    return reply(uow, 200, BallotBatchOut(answers=[_answer(one) for one in answers]))


def _answer(one: Cast | DomainError) -> BallotAnswer:
    if isinstance(one, Cast):
        return BallotAnswer(ballot=_state(one), refused=None)
    place = one.errors[0] if one.errors else None
    zh, en = (one.title_zh, one.title_en) if place is None else (place.zh, place.en)
    return BallotAnswer(ballot=None, refused=RefusedOut(code=one.code, zh=zh, en=en))


@router.get("", response_model=BallotPage)
async def list_ballots(
    access: Entering, reader: Reader, page: Page, vote_id: UUID, query: Annotated[BallotQuery, Query()]
) -> Response:
    """The ledger, line by line. Choices are told once the vote has closed, to nobody before."""
    vote = await queries.vote_of(reader, scope=access.scope, vote_id=vote_id)
    (after,) = page.after((UUID,)) or (NONE,)
    rows = await queries.BALLOTS.all(
        reader, vote_id=vote_id, after=after, owner_id=query.owner_id, limit=page.limit + 1
    )
    sealed = counting.is_sealed(vote)
    return page.answer([_line(row, sealed=sealed) for row in rows], lambda row: (row["id"],))


def _line(row: Mapping[str, Any], *, sealed: bool) -> dict[str, Any]:
    """Which resident cast is nobody's business; which member of staff entered it is. A reason may tell what was chosen."""
    hidden: dict[str, Any] = {"choices": None, "reason": None} if sealed else {}
    if row["by_kind"] == "resident":
        hidden["by_id"] = None
    return BallotLineOut.model_validate({**row, **hidden}).model_dump(mode="json")


@router.post("/{ballot_id}/confirm", response_model=LineMadeOut)
async def confirm_ballot(
    access: Confirming, uow: Uow, vote_id: UUID, ballot_id: UUID, body: BallotConfirmIn
) -> Response:
    """A second person reads the paper anew, and it counts when both have read the same; or says, too, that a ballot is void."""
    await ledger.confirm(uow, scope=access.scope, vote_id=vote_id, ballot_id=ballot_id, choices=body.choices)
    return reply(uow, 200, LineMadeOut(ballot_id=ballot_id))


@router.post("/{ballot_id}/correct", response_model=LineMadeOut)
async def correct_ballot(
    access: Confirming, uow: Uow, vote_id: UUID, ballot_id: UUID, body: BallotCorrectIn
) -> Response:
    """Puts right what was entered wrongly; it waits for a second person, under the id in the answer."""
    line = await ledger.correct(
        uow, scope=access.scope, vote_id=vote_id, ballot_id=ballot_id, choices=body.choices, reason=body.reason
    )
    return reply(uow, 200, LineMadeOut(ballot_id=line))


@router.post("/{ballot_id}/void", response_model=LineMadeOut)
async def void_ballot(access: Confirming, uow: Uow, vote_id: UUID, ballot_id: UUID, body: BallotVoidIn) -> Response:
    """Asks that a ballot be void; it is when a second person confirms the line in the answer. While the vote is open its owner may
    cast again. A correction or a voiding that waits still is taken back so, at once.
    """
    line = await ledger.void(uow, scope=access.scope, vote_id=vote_id, ballot_id=ballot_id, reason=body.reason)
    return reply(uow, 200, LineMadeOut(ballot_id=line))
