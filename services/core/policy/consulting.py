"""Leaves of a policy about asking residents at their doors: rounds of consultation, duties to agree on, lifts."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, field_validator, model_validator

from services.core.policy.form import Form, FormInvalid, Name, Share, Title, refuse_repeated
from services.core.policy.leaves import Duration


class Asker(StrEnum):
    """Which body asks: those that the sources name (004_c9c5fc786dd61830.txt 一 北京市, 三 宜昌市)."""

    OWNERS_COMMITTEE = "owners_committee"
    SELF_MANAGEMENT_GROUP = "self_management_group"
    GRID_STAFF = "grid_staff"
    NEIGHBOURHOOD_COMMITTEE = "neighbourhood_committee"
    STREET = "street"
    COMMUNITY_PLANNER = "community_planner"
    PROPERTY_COMPANY = "property_company"


class AskingRound(Form):
    """One round: who asks. `together`: every one of them is at each door, not one of them."""

    title: Title
    actors: Annotated[tuple[Asker, ...], Field(min_length=1, max_length=len(Asker))]
    together: StrictBool = False

    @field_validator("actors")
    @classmethod
    def _names_each_once(cls, actors: tuple[Asker, ...]) -> tuple[Asker, ...]:
        parts = [(actor.value, (index,)) for index, actor in enumerate(actors)]
        refuse_repeated(parts, "重复列出", "is listed twice")
        return actors

    @model_validator(mode="after")
    def _together_takes_two(self) -> Self:
        if self.together and len(self.actors) < 2:
            raise FormInvalid("共同入户须至少两方", "goes together only with two actors or more", ("together",))
        return self


class Consultation(Form):
    """The rounds (R1): the first asks every door, each later one those who have not agreed by then.

    It is through when `agree_at_least` of all doors agree; one that ends earlier says why.
    """

    rounds: Annotated[tuple[AskingRound, ...], Field(min_length=1, max_length=10)]
    agree_at_least: Share


class Duty(Form):
    """One thing that residents take upon themselves."""

    id: Name
    title: Title


class Duties(Form):
    """What residents agree to do before the project is planned (S7); agreed when `agree_at_least` of all doors do."""

    items: Annotated[tuple[Duty, ...], Field(min_length=1, max_length=20)]
    agree_at_least: Share

    @field_validator("items")
    @classmethod
    def _has_distinct_duties(cls, items: tuple[Duty, ...]) -> tuple[Duty, ...]:
        refuse_repeated([(duty.id, (index, "id")) for index, duty in enumerate(items)], "义务的 id 重复", "is repeated")
        return items


class Signatures(Form):
    """Shares of the owners of the entrance, by heads and by exclusive area, that sign for the lift."""

    heads: Share
    area: Share


class Lift(Form):
    """How a lift comes about (R3). `start`: within so many days of one household's request the community begins to consult the
    entrance; without it nothing obliges it to. The others are what has to hold before the lift is built.
    """

    start: Duration | None = None
    actors: Annotated[tuple[Asker, ...], Field(min_length=1, max_length=len(Asker))]
    signatures: Signatures
    no_objection: Literal[True] | None = None
    appraisal_at_least: Literal["A", "B", "C"] | None = None

    @field_validator("start")
    @classmethod
    def _starts_within_days(cls, start: Duration | None) -> Duration | None:
        if start is not None and start.days is None:
            raise FormInvalid("须以天计", "counts days", ("hours",))
        return start
