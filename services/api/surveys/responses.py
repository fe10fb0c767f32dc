"""Routes of answers to a survey: translate only."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.api.deps import Page, Reader, Uow, reply
from services.api.files.readers import reads
from services.api.problems import STATUS, language_of, problem_document
from services.api.security import Access, requires
from services.api.surveys.answer_schemas import (
    BatchIn,
    ConfirmIn,
    EndIn,
    OutcomeOut,
    OutcomesOut,
    Refusal,
    ResponseIn,
    ResponseOut,
    ResponsePage,
    ResponseQuery,
)
from services.core.identity.access import Permission, Principal
from services.core.kit.errors import NotFound
from services.core.surveys import answering, photos, queries, residents
from services.core.surveys.answering import Outcome
from services.core.surveys.rules import Channel

if TYPE_CHECKING:
    import asyncpg

router = APIRouter(prefix="/v1/surveys/{survey_id}/responses", tags=["surveys"])
NONE = UUID(int=0)
RESIDENT = "resident"

Answering = Annotated[Access, requires(Permission.SURVEY_ANSWER)]
Entering = Annotated[Access, requires(Permission.SURVEY_ENTER)]


@reads(photos.SUBJECT)
async def may_read_photographs(
    connection: "asyncpg.Connection", principal: Principal, subject_id: UUID, *, public: bool
) -> bool:
    """Whoever may enter and compare answers there; of residents each reads what he sent himself. None is ever public."""
    del public
    if Permission.SURVEY_ENTER not in principal.permissions:
        return False
    scope = principal.scope(Permission.SURVEY_ENTER)
    return await queries.RESPONSE_IN_SCOPE.first(connection, response_id=subject_id, **scope.parameters) is not None


def _out(row: Mapping[str, Any]) -> ResponseOut:
    """An answer as staff see it: the account behind a phone is nobody's business, here or beside a ballot."""
    shown = ResponseOut.model_validate(dict(row))
    return shown.model_copy(update={"entered_by": None}) if shown.channel is Channel.PHONE else shown


async def _shown(reader: Reader, survey_id: UUID, response_id: UUID) -> ResponseOut:
    row = await queries.RESPONSE.first(reader, survey_id=survey_id, response_id=response_id)
    if row is None:
        raise NotFound
    return _out(row)


@router.get("", response_model=ResponsePage)
async def list_responses(
    access: Entering, reader: Reader, page: Page, survey_id: UUID, query: Annotated[ResponseQuery, Query()]
) -> Response:
    """Answers to a survey, in the order in which they came in; `unit_id` with no state gives the history of one household."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.survey_of(reader, scope=access.scope, survey_id=survey_id)
    rows = await queries.RESPONSES.all(
        reader,
        survey_id=survey_id,
        after=after,
        state=query.state,
        channel=query.channel,
        unit_id=query.unit_id,
        building_id=query.building_id,
        others=not query.mine,
        me=access.principal.id,
        limit=page.limit + 1,
    )
    return page.answer([_out(row).model_dump(mode="json") for row in rows], lambda row: (row["id"],))


@router.post("", status_code=201, response_model=ResponseOut)
async def answer_survey(access: Answering, uow: Uow, survey_id: UUID, body: ResponseIn) -> Response:
    """A resident answers for one of his doors, which counts at once; what staff enter waits for a second person."""
    if access.principal.kind == RESIDENT:
        response_id = await residents.answer(
            uow,
            resident_id=access.principal.id,
            survey_id=survey_id,
            property_id=body.property_id,
            questionnaire=body.questionnaire,
            answers=body.answers,
        )
    else:
        response_id = await answering.enter(uow, scope=access.scope, survey_id=survey_id, entry=body.entry())
    shown = await _shown(uow.driver, survey_id, response_id)
    return reply(uow, 201, shown, location=f"/v1/surveys/{survey_id}/responses/{response_id}")


@router.get("/{response_id}", response_model=ResponseOut)
async def get_response(access: Answering, reader: Reader, survey_id: UUID, response_id: UUID) -> Response:
    """One answer. A resident reads his own."""
    if access.principal.kind == RESIDENT:
        await residents.response_of(
            reader, resident_id=access.principal.id, survey_id=survey_id, response_id=response_id
        )
    else:
        await queries.survey_of(reader, scope=access.scope, survey_id=survey_id)
    shown = await _shown(reader, survey_id, response_id)
    return Response(shown.model_dump_json(), media_type="application/json")


@router.post("/batch", response_model=OutcomesOut)
async def enter_responses(access: Entering, request: Request, uow: Uow, survey_id: UUID, body: BatchIn) -> Response:
    """Enters up to 200 answers, each taken or refused by itself; all wait for a second person."""
    entries = [one.entry() for one in body.responses]
    outcomes = await answering.enter_all(uow, scope=access.scope, survey_id=survey_id, entries=entries)
    return reply(uow, 200, _outcomes(request, outcomes))


@router.post("/confirm", response_model=OutcomesOut)
async def confirm_responses(access: Entering, request: Request, uow: Uow, survey_id: UUID, body: ConfirmIn) -> Response:
    """Confirms up to 200 entries of others, each by itself."""
    outcomes = await answering.confirm_all(uow, scope=access.scope, survey_id=survey_id, response_ids=body.response_ids)
    return reply(uow, 200, _outcomes(request, outcomes))


@router.post("/{response_id}/confirm", response_model=ResponseOut)
async def confirm_response(access: Entering, uow: Uow, survey_id: UUID, response_id: UUID) -> Response:
    """Confirms an entry of somebody else: it counts from now on."""
    await answering.confirm(uow, scope=access.scope, survey_id=survey_id, response_id=response_id)
    return reply(uow, 200, await _shown(uow.driver, survey_id, response_id))


@router.post("/{response_id}/refuse", response_model=ResponseOut)
async def refuse_response(access: Entering, uow: Uow, survey_id: UUID, response_id: UUID, body: EndIn) -> Response:
    """An entry is not what was said; it never counts."""
    await answering.refuse(uow, scope=access.scope, survey_id=survey_id, response_id=response_id, reason=body.reason)
    return reply(uow, 200, await _shown(uow.driver, survey_id, response_id))


@router.post("/{response_id}/void", response_model=ResponseOut)
async def void_response(access: Answering, uow: Uow, survey_id: UUID, response_id: UUID, body: EndIn) -> Response:
    """An answer that counted does so no more; it stays on record. A resident takes back his own."""
    which = {"survey_id": survey_id, "response_id": response_id}
    if access.principal.kind == RESIDENT:
        await residents.void(uow, resident_id=access.principal.id, **which, reason=body.reason)
    else:
        await answering.void(uow, scope=access.scope, **which, reason=body.reason)
    return reply(uow, 200, await _shown(uow.driver, survey_id, response_id))


def _outcomes(request: Request, outcomes: Sequence[Outcome]) -> OutcomesOut:
    language = language_of(request.headers.get("accept-language"))
    return OutcomesOut(items=[_outcome(index, outcome, language) for index, outcome in enumerate(outcomes)])


def _outcome(index: int, outcome: Outcome, language: str) -> OutcomeOut:
    if isinstance(outcome, UUID):
        return OutcomeOut(index=index, response_id=outcome, refusal=None)
    told = problem_document(outcome, status=STATUS[outcome.kind], language=language, request_id=None)
    return OutcomeOut(index=index, response_id=None, refusal=Refusal.model_validate(told))
