"""Routes of owners and people: masked, revealed for a purpose, searched for, merged or kept apart."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.ownership import shown
from services.api.ownership.people_schemas import (
    CorrectPersonIn,
    DecisionPage,
    FoundOut,
    MatchOut,
    MatchPage,
    OrganisationIn,
    OwnerOut,
    OwnerPage,
    OwnerQuery,
    PersonOut,
    PersonPage,
    PersonQuery,
    ProposalOut,
    RevealedOut,
    RevealIn,
    SamePersonIn,
    SearchIn,
)
from services.api.ownership.shown import FIRST, Opening
from services.api.security import Access, requires
from services.api.wire import PageOnly
from services.core.identity.access import Permission
from services.core.kit.errors import InputInvalid
from services.core.kit.uow import UnitOfWork
from services.core.ownership import merging, owners, people, queries
from services.core.residents.merging import merge_entries
from services.core.territory import queries as territory

if TYPE_CHECKING:
    from services.core.kit.scope import Scope

router = APIRouter(prefix="/v1", tags=["register"])
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@router.get("/compounds/{compound_id}/owners", response_model=OwnerPage)
async def list_owners(
    access: Annotated[Access, requires(Permission.OWNER_READ)],
    reader: Reader,
    vault: Opening,
    page: Page,
    compound_id: UUID,
    wanted: Annotated[OwnerQuery, Query()],
) -> Response:
    """A compound's heads: each distinct set of co-owners with what it has a vote for."""
    await territory.compound_in(reader, compound_id=compound_id, scope=access.scope)
    (after,) = page.after([UUID]) or [FIRST]
    rows = await reader.fetch(queries.OWNERS, compound_id, after, wanted.kind, wanted.former, page.limit + 1)
    items = await shown.owners(reader, vault, rows)
    return page.answer([one.model_dump() for one in items], lambda row: (row["id"],))


@router.get("/owners/{owner_id}", response_model=OwnerOut)
async def get_owner(
    access: Annotated[Access, requires(Permission.OWNER_READ)], reader: Reader, vault: Opening, owner_id: UUID
) -> Response:
    """One head with its people, masked."""
    (out,) = await shown.owners(reader, vault, [await queries.owner_in(reader, scope=access.scope, owner_id=owner_id)])
    return Response(to_json(out), headers={"ETag": etag(out.version)}, media_type="application/json")


@router.put("/owners/{owner_id}", response_model=OwnerOut)
async def correct_organisation(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)],
    uow: Uow,
    owner_id: UUID,
    body: OrganisationIn,
    version: IfMatch,
) -> Response:
    """Puts right an organisation's title or kind."""
    await owners.correct_organisation(
        uow, scope=access.scope, owner_id=owner_id, version=version, kind=body.kind, title=body.title
    )
    row = await queries.owner_in(uow.driver, scope=access.scope, owner_id=owner_id)
    (out,) = await shown.owners(uow.driver, uow.vault, [row])
    return reply(uow, 200, out, version=out.version)


@router.get("/compounds/{compound_id}/people", response_model=PersonPage)
async def list_people(
    access: Annotated[Access, requires(Permission.OWNER_READ)],
    reader: Reader,
    vault: Opening,
    page: Page,
    compound_id: UUID,
    wanted: Annotated[PersonQuery, Query()],
) -> Response:
    """A compound's owners and tenants with their doors, masked."""
    await territory.compound_in(reader, compound_id=compound_id, scope=access.scope)
    (after,) = page.after([UUID]) or [FIRST]
    rows = await queries.PEOPLE.all(
        reader,
        compound_id=compound_id,
        merged=wanted.merged,
        synthetic=wanted.synthetic,
        after=after,
        limit=page.limit + 1,
    )
    items = await shown.people(reader, vault, rows)
    return page.answer([one.model_dump() for one in items], lambda row: (row["person_id"],))


@router.post("/compounds/{compound_id}/people/search", response_model=FoundOut)
async def search_people(
    access: Annotated[Access, requires(Permission.OWNER_READ)],
    reader: Reader,
    vault: Opening,
    compound_id: UUID,
    body: SearchIn,
) -> Response:
    """Finds people of a compound by what is known of them; in a body, since addresses are logged. Changes nothing."""
    rows = await people.search(
        reader, vault, scope=access.scope, compound_id=compound_id, wanted=people.Wanted(**dict(body))
    )
    items = await shown.people(reader, vault, rows[: people.FOUND_AT_MOST])
    out = FoundOut(items=items, has_more=len(rows) > people.FOUND_AT_MOST)
    return Response(to_json(out), media_type="application/json")


@router.get("/compounds/{compound_id}/people/matches", response_model=MatchPage)
async def list_matches(
    access: Annotated[Access, requires(Permission.OWNER_READ)],
    reader: Reader,
    vault: Opening,
    page: Page,
    compound_id: UUID,
    _wanted: Annotated[PageOnly, Query()],
) -> Response:
    """Pairs of entries that may be one person and that nobody has decided about, and merges that wait for a second person."""
    await territory.compound_in(reader, compound_id=compound_id, scope=access.scope)
    after = page.after([UUID, UUID]) or [FIRST, FIRST]
    pairs = await reader.fetch(merging.MATCHES, compound_id, *after, page.limit + 1)
    ids = list({pair[side] for pair in pairs for side in ("first_id", "second_id")})
    rows = await reader.fetch(queries.PEOPLE_BY_ID, ids)
    entries = {one.person_id: one for one in await shown.people(reader, vault, rows)}
    items = [
        MatchOut(
            first=entries[pair["first_id"]],
            second=entries[pair["second_id"]],
            same_number=pair["same_number"],
            proposal=None if pair["keep_id"] is None else ProposalOut.model_validate(dict(pair)),
        ).model_dump()
        for pair in pairs
    ]
    return page.answer(items, lambda row: (row["first"]["person_id"], row["second"]["person_id"]))


@router.get("/people/{person_id}", response_model=PersonOut)
async def get_person(
    access: Annotated[Access, requires(Permission.OWNER_READ)], reader: Reader, vault: Opening, person_id: UUID
) -> Response:
    """One person with their doors, masked."""
    row = await queries.one_in(reader, queries.PERSON, scope=access.scope, thing_id=person_id)
    (out,) = await shown.people(reader, vault, [row])
    return Response(to_json(out), headers={"ETag": etag(out.version)}, media_type="application/json")


@router.post("/people/{person_id}/correct", response_model=PersonOut)
async def correct_person(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)],
    uow: Uow,
    person_id: UUID,
    body: CorrectPersonIn,
    version: IfMatch,
) -> Response:
    """Puts right a name, phone or identity number. What is not sent stays, so nobody needs to see it first."""
    given = body.model_fields_set
    if "name" in given and body.name is None:
        raise InputInvalid.at("/name", zh="姓名不能为空", en="must not be blank")
    await people.correct(
        uow,
        scope=access.scope,
        person_id=person_id,
        version=version,
        name=people.KEPT if body.name is None else body.name,
        phone=body.phone if "phone" in given else people.KEPT,
        identity_number=body.identity_number if "identity_number" in given else people.KEPT,
    )
    return await _person(uow, access.scope, person_id)


@router.post("/people/{person_id}/reveal", response_model=RevealedOut)
async def reveal_person(
    access: Annotated[Access, requires(Permission.PERSON_REVEAL)], uow: Uow, person_id: UUID, body: RevealIn
) -> Response:
    """Shows particulars in the clear, for a purpose. Each reading is audited; the answer is stored nowhere."""
    fields = await people.reveal(uow, scope=access.scope, person_id=person_id, purpose=body.purpose, fields=body.fields)
    out = RevealedOut.model_validate({"person_id": person_id, "fields": fields})
    return Response(to_json(out), headers=NO_STORE, media_type="application/json")


@router.post(
    "/people/{person_id}/merge",
    response_model=PersonOut,
    responses={202: {"model": PersonOut, "description": "waits for a second person"}},
)
async def merge_people(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)],
    uow: Uow,
    person_id: UUID,
    body: SamePersonIn,
    version: IfMatch,
) -> Response:
    """The other entry is this person: sets of owners that held it are made anew with this one. Cannot be undone as a whole.

    202 where their identity numbers differ, or the caller changed one: the pair waits in the queue until somebody else of the staff
    sends the same.
    """
    merged = await merge_entries(
        uow, scope=access.scope, person_id=person_id, version=version, other_id=body.other_id, reason=body.reason
    )
    return await _person(uow, access.scope, person_id, status=200 if merged else 202)


@router.post("/people/{person_id}/keep-apart", response_model=PersonOut)
async def keep_people_apart(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)],
    uow: Uow,
    person_id: UUID,
    body: SamePersonIn,
    version: IfMatch,
) -> Response:
    """The other entry is somebody else: the queue shows the pair no more."""
    await merging.keep_apart(
        uow, scope=access.scope, person_id=person_id, version=version, other_id=body.other_id, reason=body.reason
    )
    return await _person(uow, access.scope, person_id)


@router.get("/people/{person_id}/decisions", response_model=DecisionPage)
async def list_decisions(
    access: Annotated[Access, requires(Permission.PERSON_REVEAL)],
    uow: Uow,
    page: Page,
    person_id: UUID,
    _wanted: Annotated[PageOnly, Query()],
) -> Response:
    """With whom somebody was merged, or kept apart from, and why. Reasons tell of people: each reading is audited."""
    (after,) = page.after([UUID]) or [FIRST]
    rows = await merging.decisions(uow, scope=access.scope, person_id=person_id, after=after, limit=page.limit + 1)
    answer = page.answer(rows, lambda row: (row["id"],))
    answer.headers.update(NO_STORE)
    return answer


async def _person(uow: UnitOfWork, scope: "Scope", person_id: UUID, *, status: int = 200) -> Response:
    row = await queries.one_in(uow.driver, queries.PERSON, scope=scope, thing_id=person_id)
    (out,) = await shown.people(uow.driver, uow.vault, [row])
    return reply(uow, status, out, version=out.version)
