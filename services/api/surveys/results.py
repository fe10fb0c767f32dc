"""Routes of what a survey's answers come to, and of who has not answered: translate only."""

from fractions import Fraction
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.api.deps import Page, Reader
from services.api.exchange import downloads
from services.api.exchange.schemas import FileFormat
from services.api.security import Access, requires
from services.api.surveys.answer_schemas import UnansweredItem, UnansweredPage, UnansweredQuery
from services.api.surveys.schemas import (
    ChoiceOut,
    EntranceProgress,
    NumbersOut,
    ProgressOut,
    QuestionResult,
    QuotaProgress,
    ResultsOut,
)
from services.core.exchange.pages import Export
from services.core.identity.access import Permission
from services.core.kit.exact import decimal_text
from services.core.kit.uow import Actor, Database
from services.core.surveys import exporting, queries, quotas, results
from services.core.surveys.results import Counted

router = APIRouter(prefix="/v1/surveys/{survey_id}", tags=["surveys"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.SURVEY_READ)]


@router.get("/results", response_model=ResultsOut)
async def get_results(access: Reading, reader: Reader, survey_id: UUID) -> Response:
    """What the answers come to now, over all versions of the questionnaire; entries that wait are not in it."""
    survey = await queries.survey_of(reader, scope=access.scope, survey_id=survey_id)
    found = await results.counted(reader, survey=survey)
    out = ResultsOut(
        units=found.units,
        counted=found.counted,
        pending=found.pending,
        share=decimal_text(found.share),
        questions=[question_result(one) for one in found.questions],
    )
    return Response(out.model_dump_json(), media_type="application/json")


def question_result(one: Counted) -> QuestionResult:
    """The answers to one question, as they are shown to staff."""
    labels = one.question.labels
    return QuestionResult(
        id=one.question.id,
        kind=one.question.kind,
        title=one.question.title,
        answered=one.answered,
        choices=[ChoiceOut(id=choice, label=labels[choice], responses=people) for choice, people in one.chosen.items()],
        numbers=None
        if one.numbers is None
        else NumbersOut(sum=one.numbers.sum, least=one.numbers.least, most=one.numbers.most),
    )


@router.get("/progress", response_model=ProgressOut)
async def get_progress(access: Reading, reader: Reader, survey_id: UUID) -> Response:
    """How far a survey is now, by building and entrance."""
    survey = await queries.survey_of(reader, scope=access.scope, survey_id=survey_id)
    entrances = [
        EntranceProgress.model_validate(dict(row)) for row in await queries.PROGRESS.all(reader, survey_id=survey_id)
    ]
    units = sum(one.units for one in entrances)
    counted = sum(one.counted for one in entrances)
    share = Fraction(counted, units) if units else Fraction(0)
    out = ProgressOut(
        units=units,
        counted=counted,
        pending=sum(one.pending for one in entrances),
        share=decimal_text(share),
        target=survey["target"],
        reached=None if survey["target"] is None else share >= Fraction(survey["target"]),
        quotas=[
            QuotaProgress(
                **dict(row),
                missing=max(0, row["target"] - row["counted"]),
                full=survey["quotas_stop"] and row["counted"] >= row["target"],
            )
            for row in await reader.fetch(quotas.REACHED, survey_id)
        ],
        entrances=entrances,
    )
    return Response(out.model_dump_json(), media_type="application/json")


@router.get("/unanswered", response_model=UnansweredPage)
async def list_unanswered(
    access: Annotated[Access, requires(Permission.SURVEY_ENTER)],
    reader: Reader,
    page: Page,
    survey_id: UUID,
    query: Annotated[UnansweredQuery, Query()],
) -> Response:
    """The doors where nobody has answered yet; no names."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.survey_of(reader, scope=access.scope, survey_id=survey_id)
    rows = await queries.UNANSWERED.all(
        reader,
        survey_id=survey_id,
        after=after,
        building_id=query.building_id,
        entrance_id=query.entrance_id,
        limit=page.limit + 1,
    )
    items = [UnansweredItem.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (row["unit_id"],))


@router.get("/export", response_class=StreamingResponse)
async def export_answers(
    request: Request,
    access: Annotated[Access, requires(Permission.SURVEY_ENTER)],
    survey_id: UUID,
    format: FileFormat = FileFormat.XLSX,  # noqa: A002 - the name of the parameter
) -> Response:
    """The answers that count with their doors, a column for each question over all versions. Who takes them is on record."""
    database: Database = request.app.state.database
    principal = access.principal
    async with database.begin(Actor(principal.kind, principal.id, request.scope["request_id"])) as uow:
        survey = await queries.survey_of(uow.driver, scope=access.scope, survey_id=survey_id)
        versions = list((await queries.versions_of(uow.driver, survey_id=survey_id)).values())
        uow.audit("survey.exported", target="survey", target_id=survey_id, region_path=survey["region_path"])
    titles = (*exporting.FIXED, *(column.title for column in exporting.columns(versions)))
    table = Export(titles, exporting.pages(database.read, survey_id, versions))
    return await downloads.written(table, format, name="survey")
