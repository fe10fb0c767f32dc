"""What surveys ask a resident: translate only."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import Page, Reader
from services.api.security import Access, requires
from services.api.surveys.answer_schemas import OwnSurvey, OwnSurveyPage, OwnSurveyQuery
from services.core.identity.access import Permission
from services.core.kit.calendar import day_of
from services.core.surveys import residents

router = APIRouter(prefix="/v1/me/surveys", tags=["surveys"])
NONE = UUID(int=0)
MOST = 20
"""Surveys on a page, so that it fits the mini-program's 32 KB."""


@router.get("", response_model=OwnSurveyPage)
async def list_own_surveys(
    access: Annotated[Access, requires(Permission.RESIDENT_ACT)],
    reader: Reader,
    page: Page,
    query: Annotated[OwnSurveyQuery, Query()],
) -> Response:
    """The surveys that ask the caller, door by door; at most 20 a page. The questions are at `/public/surveys/{survey_id}`."""
    page = replace(page, limit=min(page.limit, MOST))
    after_survey, after_unit = page.after((UUID, UUID)) or (NONE, NONE)
    rows = await residents.surveys_of(
        reader,
        resident_id=access.principal.id,
        today=day_of(datetime.now(UTC)),
        waiting=query.waiting,
        after=(after_survey, after_unit),
        limit=page.limit + 1,
    )
    items = [OwnSurvey.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (row["survey_id"], row["unit_id"]))
