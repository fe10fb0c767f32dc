"""Routes of lifetime commitments and of what a start needs: translate only."""

from datetime import UTC, datetime
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
    DecideIn,
    RequirementOut,
    RequirementsOut,
    RevealedNameOut,
    RevealNameIn,
    StartExceptionIn,
    StartExceptionOut,
    StartExceptionPage,
    StartExceptionQuery,
    WhyIn,
)
from services.core.identity.access import Permission
from services.core.kit.calendar import day_of
from services.core.works import commitments, exceptions, queries, starting

router = APIRouter(prefix="/v1/projects/{project_id}", tags=["works"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.SITE_READ)]
Signing = Annotated[Access, requires(Permission.COMMITMENT_WRITE)]
Excepting = Annotated[Access, requires(Permission.GATE_EXCEPT)]
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
    found = await starting.requirements(reader, site=site, today=day_of(datetime.now(UTC)))
    out = RequirementsOut(
        passed=all(one.passed for one in found),
        items=[
            RequirementOut(
                requirement=one.requirement,
                met=one.met,
                excepted=one.excepted,
                missing_zh=one.missing_zh,
                missing_en=one.missing_en,
            )
            for one in found
        ],
    )
    return Response(out.model_dump_json(), media_type="application/json")


@router.get("/site/start-exceptions", response_model=StartExceptionPage)
async def list_exceptions(
    access: Reading, reader: Reader, page: Page, project_id: UUID, query: Annotated[StartExceptionQuery, Query()]
) -> Response:
    """What works were to start without, and what became of it."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    rows = await reader.fetch(exceptions.PAGE, project_id, query.state, after, page.limit + 1)
    return page.answer(listed(StartExceptionOut, rows), by_id)


@router.post("/site/start-exceptions", status_code=201, response_model=StartExceptionOut)
async def ask_exception(access: Excepting, uow: Uow, project_id: UUID, body: StartExceptionIn) -> Response:
    """Asks that works start without something that the policy allows to be excepted; another person decides."""
    asked = await exceptions.ask(uow, scope=access.scope, project_id=project_id, **body.model_dump())
    return await _exception(uow, project_id, asked, 201)


@router.post("/site/start-exceptions/{start_exception_id}/decide", response_model=StartExceptionOut)
async def decide_exception(
    access: Excepting, uow: Uow, project_id: UUID, start_exception_id: UUID, body: DecideIn
) -> Response:
    """Agrees to it or not: somebody else than who asked."""
    await exceptions.decide(
        uow, scope=access.scope, project_id=project_id, exception_id=start_exception_id, **body.model_dump()
    )
    return await _exception(uow, project_id, start_exception_id, 200)


async def _exception(uow: Uow, project_id: UUID, exception_id: UUID, status: int) -> Response:
    row = await exceptions.exception_of(uow.driver, project_id=project_id, exception_id=exception_id)
    return reply(uow, status, StartExceptionOut.model_validate(dict(row)))


async def _answer(uow: Uow, project_id: UUID, commitment_id: UUID, status: int) -> Response:
    row = await commitments.commitment_of(uow.driver, project_id=project_id, commitment_id=commitment_id)
    location = f"/v1/projects/{project_id}/commitments" if status == 201 else None
    return reply(uow, status, CommitmentOut.model_validate(commitments.shown(uow.vault, row)), location=location)
