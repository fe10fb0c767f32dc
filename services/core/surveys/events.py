"""Events of surveys. None tells an answer."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.events import Event
from services.core.surveys.rules import Channel, Purpose


class SurveyDrafted(Event):
    """A survey was drafted, or its draft changed."""

    kind: ClassVar[str] = "survey.drafted"
    purpose: Purpose
    version: int


class SurveyOpened(Event):
    """So many households or people are asked; who they are is frozen."""

    kind: ClassVar[str] = "survey.opened"
    purpose: Purpose
    units: int


class QuestionnaireAdded(Event):
    """An open survey asks by a new version of its questionnaire."""

    kind: ClassVar[str] = "survey.reworded"
    number: int


class SurveyExtended(Event):
    """The last day was put off; the reason is in the record."""

    kind: ClassVar[str] = "survey.extended"
    extension_id: UUID


class ResponseEntered(Event):
    """An answer came in, or took the place of an earlier one of the same household or person."""

    kind: ClassVar[str] = "survey.answered"
    response_id: UUID
    channel: Channel
    is_counted: bool


class ResponsesEntered(Event):
    """Staff entered a batch of answers, each to be confirmed by a second person."""

    kind: ClassVar[str] = "survey.keyed"
    response_ids: list[UUID]


class ResponsesConfirmed(Event):
    """A second person confirmed what was entered; these answers count now."""

    kind: ClassVar[str] = "survey.confirmed"
    response_ids: list[UUID]


class ResponseRefused(Event):
    """A second person found an entry wrong; the reason is in the record."""

    kind: ClassVar[str] = "survey.entry_refused"
    response_id: UUID


class ResponseVoided(Event):
    """An answer counts no more; the reason is in the record."""

    kind: ClassVar[str] = "survey.voided"
    response_id: UUID


class SurveyWasClosed(Event):
    """No answer is taken any more. `keys`: the facts that its counts became, none when it did not ask a whole project."""

    kind: ClassVar[str] = "survey.closed"
    units: int
    counted: int
    keys: list[str]


class SurveyWasPublished(Event):
    """Everybody may read the results of so many questions."""

    kind: ClassVar[str] = "survey.published"
    questions: int
