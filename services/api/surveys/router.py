"""Routes of a survey's life: translate only."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.security import Access, requires
from services.api.surveys.schemas import (
    ExtendIn,
    PublishIn,
    QuestionnaireIn,
    QuestionnaireOut,
    QuestionnairesOut,
    SurveyChangeIn,
    SurveyIn,
    SurveyItem,
    SurveyOut,
    SurveyPage,
    SurveyQuery,
    survey_out,
)
from services.core.identity.access import Permission
from services.core.surveys import drafting, queries, service
from services.core.surveys.drafting import Reach

router = APIRouter(prefix="/v1/surveys", tags=["surveys"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.SURVEY_READ)]
Writing = Annotated[Access, requires(Permission.SURVEY_WRITE)]


async def _shown(access: Access, uow: Uow, survey_id: UUID) -> SurveyOut:
    return survey_out(await queries.survey_of(uow.driver, scope=access.scope, survey_id=survey_id))


async def _changed(access: Access, uow: Uow, survey_id: UUID) -> Response:
    shown = await _shown(access, uow, survey_id)
    return reply(uow, 200, shown, version=shown.version)


@router.get("", response_model=SurveyPage)
async def list_surveys(access: Reading, reader: Reader, page: Page, query: Annotated[SurveyQuery, Query()]) -> Response:
    """Surveys of the caller's region, in the order in which they were drafted."""
    (after,) = page.after((UUID,)) or (NONE,)
    rows = await queries.LIST.all(
        reader,
        after=after,
        status=query.status,
        purpose=query.purpose,
        project_id=query.project_id,
        compound_id=query.compound_id,
        limit=page.limit + 1,
        **access.scope.parameters,
    )
    items = [SurveyItem.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (row["id"],))


@router.post("", status_code=201, response_model=SurveyOut)
async def draft_survey(access: Writing, uow: Uow, body: SurveyIn) -> Response:
    """Drafts a survey."""
    reach = Reach(body.project_id, body.compound_id, body.building_ids, body.entrance_ids)
    survey_id = await drafting.draft(
        uow, scope=access.scope, purpose=body.purpose, unit=body.unit, reach=reach, form=body.draft()
    )
    return reply(uow, 201, await _shown(access, uow, survey_id), version=1, location=f"/v1/surveys/{survey_id}")


@router.get("/{survey_id}", response_model=SurveyOut)
async def get_survey(access: Reading, reader: Reader, survey_id: UUID) -> Response:
    """One survey with the questions in use."""
    found = survey_out(await queries.survey_of(reader, scope=access.scope, survey_id=survey_id))
    return Response(found.model_dump_json(), headers={"ETag": etag(found.version)}, media_type="application/json")


@router.put("/{survey_id}", response_model=SurveyOut)
async def change_survey(access: Writing, uow: Uow, match: IfMatch, survey_id: UUID, body: SurveyChangeIn) -> Response:
    """Replaces what a draft says."""
    await drafting.change(uow, scope=access.scope, survey_id=survey_id, version=match, form=body.draft())
    return await _changed(access, uow, survey_id)


@router.post("/{survey_id}/open", response_model=SurveyOut)
async def open_survey(access: Writing, uow: Uow, match: IfMatch, survey_id: UUID) -> Response:
    """Takes whom it asks from the register, for good, and begins."""
    await service.open_survey(uow, scope=access.scope, survey_id=survey_id, version=match)
    return await _changed(access, uow, survey_id)


@router.post("/{survey_id}/extend", response_model=SurveyOut)
async def extend_survey(access: Writing, uow: Uow, match: IfMatch, survey_id: UUID, body: ExtendIn) -> Response:
    """Puts off the last day."""
    await service.extend(
        uow, scope=access.scope, survey_id=survey_id, version=match, closes_on=body.closes_on, reason=body.reason
    )
    return await _changed(access, uow, survey_id)


@router.get("/{survey_id}/questionnaires", response_model=QuestionnairesOut)
async def list_questionnaires(access: Reading, reader: Reader, survey_id: UUID) -> Response:
    """Every version of the questions, the oldest first."""
    await queries.survey_of(reader, scope=access.scope, survey_id=survey_id)
    rows = await queries.QUESTIONNAIRES.all(reader, survey_id=survey_id)
    found = QuestionnairesOut(items=[_version(row) for row in rows])
    return Response(found.model_dump_json(), media_type="application/json")


def _version(row: Mapping[str, Any]) -> QuestionnaireOut:
    return QuestionnaireOut.model_validate(dict(row))


@router.post("/{survey_id}/questionnaires", status_code=201, response_model=SurveyOut)
async def reword_survey(access: Writing, uow: Uow, match: IfMatch, survey_id: UUID, body: QuestionnaireIn) -> Response:
    """An open survey asks by a new version from now on; answers to earlier ones stand."""
    questions = [question.question() for question in body.questions]
    await drafting.reword(uow, scope=access.scope, survey_id=survey_id, version=match, questions=questions)
    shown = await _shown(access, uow, survey_id)
    return reply(uow, 201, shown, version=shown.version, location=f"/v1/surveys/{survey_id}/questionnaires")


@router.post("/{survey_id}/close", response_model=SurveyOut)
async def close_survey(access: Writing, uow: Uow, match: IfMatch, survey_id: UUID) -> Response:
    """Takes no more answers, for good; the counts of a whole project's survey become its facts."""
    await service.close(uow, scope=access.scope, survey_id=survey_id, version=match)
    return await _changed(access, uow, survey_id)


@router.post("/{survey_id}/publish", response_model=SurveyOut)
async def publish_survey(access: Writing, uow: Uow, match: IfMatch, survey_id: UUID, body: PublishIn) -> Response:
    """Shows everybody the results of some questions, small numbers hidden; once."""
    await service.publish(uow, scope=access.scope, survey_id=survey_id, version=match, question_ids=body.questions)
    return await _changed(access, uow, survey_id)
