"""Tasks of surveys."""

from services.core.kit.uow import UnitOfWork
from services.core.surveys import service
from services.core.surveys.jobs import CloseSurvey
from services.worker.runtime import task


@task(CloseSurvey)
async def close_survey(uow: UnitOfWork, job: CloseSurvey) -> None:
    """Closes it, or looks again in an hour while an entry waits for its second person."""
    await service.close_by_itself(uow, survey_id=job.survey_id)
