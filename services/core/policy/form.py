"""What every part of a city policy is made of: exact numbers, names, facts of the catalogue, sources and marks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StrictBool,
    StringConstraints,
)
from pydantic import WithJsonSchema as JsonSchema

from services.core.facts.catalogue import CATALOGUE, Value, ValueType
from services.core.kit.exact import NotExact, decimal_text, parse_fraction


class FormInvalid(ValueError):
    """A rule of the form that a policy breaks; the two arguments say which, in Chinese and in English.

    `at`: the place below the part that the rule is about. `others`: more that the same rule finds.
    """

    def __init__(self, zh: str, en: str, at: Sequence[str | int] = (), others: "Sequence[FormInvalid]" = ()) -> None:
        super().__init__(zh, en)
        self.zh, self.en, self.at, self.others = zh, en, tuple(at), tuple(others)

    @property
    def all(self) -> "tuple[FormInvalid, ...]":
        """This one and the others."""
        return (self, *self.others)


def refuse_all(found: Sequence[FormInvalid]) -> None:
    """Raises what was found as one; passes when it is nothing."""
    if found:
        first, *others = found
        raise FormInvalid(first.zh, first.en, first.at, others)


def refuse_repeated(parts: Iterable[tuple[str, Sequence[str | int]]], zh: str, en: str) -> None:
    """Refuses every part (name, place) whose name an earlier one has."""
    seen: set[str] = set()
    repeated = []
    for name, at in parts:
        if name in seen:
            repeated.append(FormInvalid(zh, en, at))
        seen.add(name)
    refuse_all(repeated)


class Form(BaseModel):
    """A part of a policy. Unknown keys are refused. `source` says where it stands; `illustrative` marks numbers that are ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    illustrative: Literal[True] | None = None


def _not_negative(number: Fraction) -> Fraction:
    if number < 0:
        raise NotExact("不得小于 0", "must be at least 0")
    return number


def _share(number: Fraction) -> Fraction:
    if not 0 <= number <= 1:
        raise NotExact("应在 0 与 1 之间", "must be between 0 and 1")
    return number


def _points(number: Fraction) -> Fraction:
    if not 0 <= number <= MAX_POINTS:
        raise NotExact(f"应在 0 与 {MAX_POINTS} 之间", f"must be between 0 and {MAX_POINTS}")
    return number


def _bonus(number: Fraction) -> Fraction:
    if (number * 10_000).denominator != 1:
        raise NotExact("至多四位小数", "may have at most four decimal places")
    return _points(number)


def _known_fact(key: str) -> str:
    if key not in CATALOGUE:
        raise FormInvalid("事实目录中没有这一项", "is not a fact of the catalogue")
    return key


MAX_POINTS = 1_000_000
"""Most points of a scale: totals stay exact in four decimals and fit their column."""

_EXACT = (
    PlainValidator(parse_fraction),
    PlainSerializer(decimal_text, return_type=str),
    JsonSchema({"type": "string", "pattern": r"^-?\d{1,30}([./]\d{1,30})?$", "examples": ["2/3", "0.75", "100"]}),
)

Number = Annotated[Fraction, _EXACT[0], AfterValidator(_not_negative), _EXACT[1], _EXACT[2]]
"""An exact number of at least 0, written as text ("0.8", "2/3", "100")."""

Share = Annotated[Fraction, _EXACT[0], AfterValidator(_share), _EXACT[1], _EXACT[2]]
"""An exact share between 0 and 1."""

Points = Annotated[Fraction, _EXACT[0], AfterValidator(_points), _EXACT[1], _EXACT[2]]
"""Points of a rubric, exact, at least 0."""

Bonus = Annotated[Fraction, _EXACT[0], AfterValidator(_bonus), _EXACT[1], _EXACT[2]]
"""Points added to a total, which has four decimals."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""How a part is referred to."""

Title = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
"""What a part is called, in the words of the city."""

FactKey = Annotated[str, StringConstraints(max_length=100), AfterValidator(_known_fact)]
"""The key of a fact of the catalogue."""


class Comparison(Form):
    """What a fact is compared with: `is` for flags, `at_least` or `at_most` (inclusive) for numbers."""

    flag: StrictBool | None = Field(default=None, alias="is")
    at_least: Number | None = None
    at_most: Number | None = None

    def condition_on(self, fact: str) -> "Condition":
        """This comparison with a fact; FormInvalid unless there is exactly one, of the sort that the fact's type allows."""
        if sum(given is not None for given in (self.flag, self.at_least, self.at_most)) != 1:
            raise FormInvalid("is、at_least、at_most 须恰有其一", "needs exactly one of is, at_least and at_most")
        entry = CATALOGUE[fact]
        if entry.value_type is ValueType.TEXT or (self.flag is not None) == entry.is_ordered:
            raise FormInvalid(
                "是非类事实用 is 比较，数值类事实用 at_least 或 at_most",
                "compares a flag with is, a number with at_least or at_most",
            )
        return Condition(fact, self.flag, self.at_least, self.at_most)


@dataclass(frozen=True, slots=True)
class Condition:
    """A fact with what it has to be; exactly one of the three is given."""

    fact: str
    flag: bool | None = None
    at_least: Fraction | None = None
    at_most: Fraction | None = None

    def met_by(self, value: Value | None) -> bool:
        """Whether a value meets it; a missing one never does."""
        if self.flag is not None:
            return value is self.flag
        if not isinstance(value, Fraction):
            return False
        return value >= self.at_least if self.at_least is not None else self.at_most is None or value <= self.at_most
