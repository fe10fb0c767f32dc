"""Jobs of surveys."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.jobs import Job


class CloseSurvey(Job):
    """Closes a survey whose last day has ended, where it closes by itself."""

    name: ClassVar[str] = "surveys.close"
    survey_id: UUID
