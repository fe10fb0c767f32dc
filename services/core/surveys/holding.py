"""A survey's row, held while something is done about it, and the events that tell of it."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.events import Event
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.surveys import queries
from services.core.surveys.errors import SurveyNotOpen
from services.core.surveys.rules import SurveyStatus

if TYPE_CHECKING:
    from asyncpg import Record


async def locked(uow: UnitOfWork, scope: Scope, survey_id: UUID, version: int) -> "Record":
    """A survey of the scope, held alone, in the version that the caller read; NotFound, VersionStale."""
    survey = await queries.LOCKED.first(uow.driver, survey_id=survey_id, **scope.parameters)
    if survey is None:
        raise NotFound
    if survey["version"] != version:
        raise VersionStale
    return survey


async def locked_open(uow: UnitOfWork, scope: Scope, survey_id: UUID, version: int) -> "Record":
    """The same, open; SurveyNotOpen."""
    survey = await locked(uow, scope, survey_id, version)
    if survey["status"] != SurveyStatus.OPEN:
        raise SurveyNotOpen
    return survey


async def shared(uow: UnitOfWork, scope: Scope, survey_id: UUID) -> "Record":
    """An open survey of the scope, held together with others who answer; NotFound, SurveyNotOpen."""
    survey = await queries.HELD.first(uow.driver, survey_id=survey_id, **scope.parameters)
    if survey is None:
        raise NotFound
    if survey["status"] != SurveyStatus.OPEN:
        raise SurveyNotOpen
    return survey


def record(uow: UnitOfWork, survey: "Record", happened: Event) -> None:
    """An event of a survey."""
    uow.record(happened, subject="survey", subject_id=survey["id"], region_path=survey["region_path"])
