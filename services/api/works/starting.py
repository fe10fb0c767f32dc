"""Routes of lifetime commitments and of what a start needs: translate only."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import Page, Reader, Uow, reply
from services.api.ownership.shown import Opening
from services.api.security import Access, requires
from services.api.works.router import by_id, listed
from services.api.works.starting_schemas import (
    CommitmentIn,
    CommitmentOut,
    CommitmentPage,
    CommitmentQuery,
    RequirementOut,
    RequirementsOut,
    RevealedNameOut,
    RevealNameIn,
    WhyIn,
)
from services.core.identity.access import Permission
from services.core.works import commitments, queries, starting

router = APIRouter(prefix="/v1/projects/{project_id}", tags=["works"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.SITE_READ)]
Signing = Annotated[Access, requires(Permission.COMMITMENT_WRITE)]
Revealing = Annotated[Access, requires(Permission.PERSON_REVEAL)]


@router.get("/commitments", response_model=CommitmentPage)
async def list_commitments(
    access: Reading,
    vault: Opening,
    reader: Reader,
    page: Page,
    project_id: UUID,
    query: Annotated[CommitmentQuery, Query()],
) -> Response:
    """Signatures of lifetime quality commitment, those that were withdrawn among them."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    rows = await reader.fetch(commitments.PAGE, project_id, query.counts, query.role, after, page.limit + 1)
    return page.answer(listed(CommitmentOut, [commitments.shown(vault, row) for row in rows]), by_id)


@router.post("/commitments", status_code=201, response_model=CommitmentOut)
async def sign_commitment(access: Signing, uow: Uow, project_id: UUID, body: CommitmentIn) -> Response:
    """Records one of the ten signatures, with its scan. People of a firm record those of their own firm."""
    made = await commitments.sign(
        uow, by=access.principal, project_id=project_id, signature=body.signature(), file_ids=body.file_ids
    )
    return await _answer(uow, project_id, made, 201)


@router.post("/commitments/{commitment_id}/withdraw", response_model=CommitmentOut)
async def withdraw_commitment(
    access: Signing, uow: Uow, project_id: UUID, commitment_id: UUID, body: WhyIn
) -> Response:
    """One that was recorded wrongly counts no more, and may be signed anew; until works start."""
    await commitments.withdraw(
        uow, by=access.principal, project_id=project_id, commitment_id=commitment_id, reason=body.reason
    )
    return await _answer(uow, project_id, commitment_id, 200)


@router.post("/commitments/{commitment_id}/reveal", response_model=RevealedNameOut)
async def reveal_name(
    access: Revealing, uow: Uow, project_id: UUID, commitment_id: UUID, body: RevealNameIn
) -> Response:
    """The whole name of who signed; the reading is audited."""
    name = await commitments.reveal(
        uow, by=access.principal, project_id=project_id, commitment_id=commitment_id, purpose=body.purpose
    )
    return reply(uow, 200, RevealedNameOut(name=name))


@router.get("/site/start-requirements", response_model=RequirementsOut)
async def get_requirements(access: Reading, reader: Reader, project_id: UUID) -> Response:
    """What a start needs of the site, and what is lacking; the gates of the policy are told by the project itself."""
    site = await queries.site_of(reader, scope=access.scope, project_id=project_id)
    found = await starting.requirements(reader, site=site)
    out = RequirementsOut(
        met=all(one.met for one in found),
        items=[
            RequirementOut(
                requirement=one.requirement, met=one.met, missing_zh=one.missing_zh, missing_en=one.missing_en
            )
            for one in found
        ],
    )
    return Response(out.model_dump_json(), media_type="application/json")


async def _answer(uow: Uow, project_id: UUID, commitment_id: UUID, status: int) -> Response:
    row = await commitments.commitment_of(uow.driver, project_id=project_id, commitment_id=commitment_id)
    location = f"/v1/projects/{project_id}/commitments" if status == 201 else None
    return reply(uow, status, CommitmentOut.model_validate(commitments.shown(uow.vault, row)), location=location)
