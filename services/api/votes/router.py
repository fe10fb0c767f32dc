"""Routes of votes: drawing up, reading, and the acts that move a vote on."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply, validated_response
from services.api.security import Access, requires
from services.api.votes.count_schemas import ContentsOut, RecountOut, TallyOut
from services.api.votes.paging import latest, paged
from services.api.votes.schemas import (
    MineOut,
    NotifyIn,
    OwnerVoteIn,
    OwnerVoteOut,
    VoteCancelIn,
    VoteExtendIn,
    VoteItem,
    VotePage,
    VoteQuery,
)
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.kit.uow import UnitOfWork
from services.core.votes import contents, counting, drafting, finishing, queries, reading, service
from services.core.votes.errors import VoteNotFinal, VoteSealed
from services.core.votes.lifecycle import MOVES, TOLD, Interim

router = APIRouter(prefix="/v1/votes", tags=["votes"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.VOTE_READ)]
Writing = Annotated[Access, requires(Permission.VOTE_WRITE)]


def is_resident(access: Access) -> bool:
    """Whether the caller is an owner rather than staff: what he may see follows from what he owns, not from a region."""
    return access.principal.kind == "resident"


async def visible(driver: Any, access: Access, vote_id: UUID) -> tuple[Any, list[MineOut] | None]:
    """A vote that the caller may see, with his own heads if he is a resident; NotFound otherwise."""
    if not is_resident(access):
        return await queries.vote_of(driver, scope=access.scope, vote_id=vote_id), None
    mine = await driver.fetch(reading.MINE, vote_id, access.principal.id)
    if not mine:
        raise NotFound
    return await queries.ANY_VOTE.first(driver, vote_id=vote_id), [_mine(row) for row in mine]


def _mine(row: Mapping[str, Any]) -> MineOut:
    return MineOut(
        owner_id=row["owner_id"],
        doors=row["doors"],
        area=row["area"],
        choices=row["choices"],
        counted=row["counted"],
        contradicted=row["contradicted"],
    )


def vote_out(row: Mapping[str, Any], mine: list[MineOut] | None = None) -> OwnerVoteOut:
    """A row of `queries.WHOLE` as it is told."""
    acts = [act for act, status in MOVES if status == row["status"]]
    told = {**row, "matters": row["matter_list"], "plan_version": row["plan_number"], "acts": acts, "mine": mine}
    told["extended"] = len(row["extensions"])
    return OwnerVoteOut.model_validate(told)


@router.get("", response_model=VotePage)
async def list_votes(access: Reading, reader: Reader, page: Page, query: Annotated[VoteQuery, Query()]) -> Response:
    """Votes in the caller's region, in the order in which they were drawn up."""
    (after,) = page.after((UUID,)) or (NONE,)
    rows = await queries.LIST.all(
        reader,
        after=after,
        project_id=query.project_id,
        compound_id=query.compound_id,
        status=query.status,
        limit=page.limit + 1,
        **access.scope.parameters,
    )
    items = [
        VoteItem.model_validate({**row, "plan_version": row["plan_number"]}).model_dump(mode="json") for row in rows
    ]
    return page.answer(items, lambda row: (row["id"],))


@router.post("", status_code=201, response_model=OwnerVoteOut)
async def make_vote(access: Writing, uow: Uow, body: OwnerVoteIn) -> Response:
    """Draws up a vote. Thresholds come from the policy that the project is under, else from the law, and are pinned."""
    vote_id = await drafting.make(uow, scope=access.scope, draft=body.draft())
    made = vote_out(await queries.vote_of(uow.driver, scope=access.scope, vote_id=vote_id))
    return reply(uow, 201, made, version=made.version, location=f"/v1/votes/{vote_id}")


@router.get("/{vote_id}", response_model=OwnerVoteOut)
async def get_vote(access: Reading, reader: Reader, page: Page, vote_id: UUID) -> Response:
    """One vote, whole; for a resident who has a head in it with his own, and its matters by pages."""
    row, mine = await visible(reader, access, vote_id)
    found = vote_out(row, mine)
    if mine is not None:
        found = paged(page, found.model_copy(update={"extensions": latest(found.extensions)}))
    return Response(found.model_dump_json(), headers={"ETag": etag(found.version)}, media_type="application/json")


async def _moved(access: Access, uow: UnitOfWork, vote_id: UUID) -> Response:
    await uow.flush()
    moved = vote_out(await queries.vote_of(uow.driver, scope=access.scope, vote_id=vote_id))
    return reply(uow, 200, moved, version=moved.version)


@router.post("/{vote_id}/roll/publish", response_model=OwnerVoteOut)
async def publish_roll(access: Writing, uow: Uow, vote_id: UUID, version: IfMatch) -> Response:
    """Makes the roll from the register as it stands, and puts it on notice; again once it was corrected."""
    await service.publish_roll(uow, scope=access.scope, vote_id=vote_id, version=version)
    return await _moved(access, uow, vote_id)


@router.post("/{vote_id}/notify", response_model=OwnerVoteOut)
async def notify(access: Writing, uow: Uow, vote_id: UUID, version: IfMatch, body: NotifyIn) -> Response:
    """Announces the vote with its first and last day, once the roll has stood on notice and no objection is left."""
    await service.notify(uow, scope=access.scope, vote_id=vote_id, version=version, **dict(body))
    return await _moved(access, uow, vote_id)


@router.post("/{vote_id}/open", response_model=OwnerVoteOut)
async def open_vote(access: Writing, uow: Uow, vote_id: UUID, version: IfMatch) -> Response:
    """Freezes the roll, with its hash and this day, and takes ballots."""
    await service.open_vote(uow, scope=access.scope, vote_id=vote_id, version=version)
    return await _moved(access, uow, vote_id)


@router.post("/{vote_id}/extend", response_model=OwnerVoteOut)
async def extend(access: Writing, uow: Uow, vote_id: UUID, version: IfMatch, body: VoteExtendIn) -> Response:
    """Makes a later day the last one, before the last day has ended."""
    await service.extend(uow, scope=access.scope, vote_id=vote_id, version=version, **dict(body))
    return await _moved(access, uow, vote_id)


@router.post("/{vote_id}/close", response_model=OwnerVoteOut)
async def close(access: Writing, uow: Uow, vote_id: UUID, version: IfMatch) -> Response:
    """Takes no more ballots: after the last day, or once everybody on the roll counts."""
    await service.close(uow, scope=access.scope, vote_id=vote_id, version=version)
    return await _moved(access, uow, vote_id)


@router.post("/{vote_id}/publish", response_model=OwnerVoteOut)
async def publish(access: Writing, uow: Uow, vote_id: UUID, version: IfMatch) -> Response:
    """Counts, and puts the preliminary result on notice."""
    await service.publish(uow, scope=access.scope, vote_id=vote_id, version=version)
    return await _moved(access, uow, vote_id)


@router.post("/{vote_id}/finalise", response_model=OwnerVoteOut)
async def finalise(access: Writing, uow: Uow, vote_id: UUID, version: IfMatch) -> Response:
    """Makes the result final under a certificate, and tells the project's facts."""
    await finishing.finalise(uow, scope=access.scope, vote_id=vote_id, version=version)
    return await _moved(access, uow, vote_id)


@router.post("/{vote_id}/cancel", response_model=OwnerVoteOut)
async def cancel(access: Writing, uow: Uow, vote_id: UUID, version: IfMatch, body: VoteCancelIn) -> Response:
    """Ends a vote that decides nothing; what was cast stays sealed."""
    await service.cancel(uow, scope=access.scope, vote_id=vote_id, version=version, reason=body.reason)
    return await _moved(access, uow, vote_id)


@router.get("/{vote_id}/tally", response_model=TallyOut)
async def get_tally(access: Reading, reader: Reader, page: Page, vote_id: UUID) -> Response:
    """The count from the ledger as it stands; sealed until the close, for residents until the result is published.

    For residents its matters come by pages.
    """
    vote, _ = await visible(reader, access, vote_id)
    sealed = counting.is_sealed(vote) if not is_resident(access) else vote["status"] not in TOLD
    if is_resident(access) and sealed and vote["interim"] == Interim.NOTHING:
        raise VoteSealed
    counted = await counting.count(reader, vote)
    out = TallyOut(
        vote_id=vote_id,
        status=vote["status"],
        sealed=sealed,
        matters=counting.document(counted, sealed=sealed),
        contradicting=counted.contradicting,
        unconfirmed=counted.unconfirmed,
    )
    if is_resident(access):
        out = paged(page, out)
    return Response(out.model_dump_json(), media_type="application/json")


@router.get("/{vote_id}/recount", response_model=RecountOut)
async def recount(access: Reading, reader: Reader, vote_id: UUID) -> Response:
    """Counts the ledger anew, and says whether it and the roll are what was published."""
    vote, _ = await visible(reader, access, vote_id)
    if vote["status"] not in TOLD:
        raise VoteSealed
    found = await finishing.recount(reader, vote)
    return Response(RecountOut.model_validate(found).model_dump_json(), media_type="application/json")


@router.get("/{vote_id}/contents", response_model=ContentsOut)
async def get_contents(access: Reading, reader: Reader, vote_id: UUID) -> Response:
    """What a menu vote proposes to renovate: by how bad it is and how much it is wanted, both shown (S2)."""
    vote, _ = await visible(reader, access, vote_id)
    if vote["status"] not in TOLD:
        raise VoteSealed
    items = await contents.proposed(reader, vote)
    return Response(ContentsOut.model_validate({"items": items}).model_dump_json(), media_type="application/json")


@router.get("/{vote_id}/certificate", response_model=dict[str, Any])
async def get_certificate(access: Reading, request: Request, reader: Reader, vote_id: UUID) -> Response:
    """The certificate of a final result: canonical JSON, whose SHA-256 is its ETag and stands in the vote."""
    await visible(reader, access, vote_id)
    found = await finishing.certificate_bytes(reader, vote_id)
    if found is None:
        raise VoteNotFinal
    return validated_response(request, found["certificate"], f'"{found["certificate_digest"]}"')
