"""Leaves of a policy about what comes before works: joint review, utilities, objections, what a start may be excepted from."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from services.core.clocks.terms import Span, Terms
from services.core.kit.calendar import Unit
from services.core.policy.form import Form, FormInvalid, Name, Title, refuse_repeated
from services.core.policy.leaves import Duration

Excepted = Literal["review", "utilities", "objections"]
"""What two people may let a start go ahead without. The ten signatures are not among them."""


class Department(Form):
    """A department that takes part in the joint review."""

    id: Name
    title: Title


class Review(Form):
    """Departments review the plan jointly, and each answers within `answer` (S14). Without a review there is no start."""

    departments: Annotated[tuple[Department, ...], Field(min_length=1, max_length=50)]
    answer: Duration

    @field_validator("departments")
    @classmethod
    def _names_each_once(cls, departments: tuple[Department, ...]) -> tuple[Department, ...]:
        refuse_repeated(
            [(one.id, (index, "id")) for index, one in enumerate(departments)],
            "部门的 id 重复",
            "is the id of another department too",
        )
        return departments


class Utilities(Form):
    """Within which time a utility confirms what it will do on a site that it was told of (I6)."""

    answer: Duration


class Objections(Form):
    """Notices at the site stay open to objections for `open`; each objection is answered within `answer`."""

    open: Duration
    answer: Duration

    @field_validator("open")
    @classmethod
    def _lasts_days(cls, given: Duration) -> Duration:
        if not given.days:
            raise FormInvalid("公告异议期须以天计，至少一天", "is open for whole days, at least one")
        return given


class Works(Form):
    """What comes before works. `excepted`: what a start may go ahead without, where one person asks and another agrees."""

    review: Review | None = None
    utilities: Utilities | None = None
    objections: Objections | None = None
    excepted: Annotated[tuple[Excepted, ...], Field(max_length=3)] = ()

    @field_validator("excepted")
    @classmethod
    def _names_each_exception_once(cls, excepted: tuple[Excepted, ...]) -> tuple[Excepted, ...]:
        refuse_repeated([(one, (index,)) for index, one in enumerate(excepted)], "重复列出", "is listed twice")
        return excepted


def promised(answer: Duration) -> Terms:
    """The terms of a clock that waits for an answer."""
    if answer.hours is not None:
        return Terms(limit=Span(hours=answer.hours))
    return Terms(limit=Span(days=answer.days, unit=Unit(answer.unit or Unit.CALENDAR)))
