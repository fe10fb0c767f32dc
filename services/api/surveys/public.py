"""What everybody may read of surveys, without a token: the questions, and the results that were published."""

import hashlib
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.api.deps import Reader, validated_response
from services.api.surveys.schemas import PublicResults, PublicSurvey
from services.core.kit.errors import NotFound
from services.core.surveys import queries

router = APIRouter(prefix="/public/surveys", tags=["public"])


@router.get("/{survey_id}", response_model=PublicSurvey, responses={304: {"description": "unchanged"}})
async def get_public_survey(request: Request, reader: Reader, survey_id: UUID) -> Response:
    """What a survey asks, of whom, until when."""
    row = await queries.SHOWN_TO_ALL.first(reader, survey_id=survey_id)
    if row is None:
        raise NotFound
    content = PublicSurvey.model_validate(dict(row)).model_dump_json().encode()
    return validated_response(request, content, f'"{hashlib.sha256(content).hexdigest()}"')


@router.get("/{survey_id}/results", response_model=PublicResults, responses={304: {"description": "unchanged"}})
async def get_public_results(request: Request, reader: Reader, survey_id: UUID) -> Response:
    """The results that were published, byte for byte."""
    row = await queries.PUBLICATION.first(reader, survey_id=survey_id)
    if row is None:
        raise NotFound
    return validated_response(request, row["content"], row["etag"])
