"""The scoring rubric of a policy: dimensions, indicators, curves, tie-breaks. It adds up to its scale or is refused."""

from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from services.core.facts.catalogue import CATALOGUE, ValueType
from services.core.kit.exact import decimal_text
from services.core.policy.form import (
    FactKey,
    Form,
    FormInvalid,
    Name,
    Number,
    Points,
    Title,
    refuse_all,
    refuse_repeated,
)


class LinearCurve(Form):
    """`from` gives nothing, `to` gives full points, in between in proportion, clamped outside. `from` may exceed `to`."""

    kind: Literal["linear"]
    start: Number = Field(alias="from")
    end: Number = Field(alias="to")

    @model_validator(mode="after")
    def _has_slope(self) -> Self:
        if self.start == self.end:
            raise FormInvalid("from 与 to 不得相等", "needs from and to to differ")
        return self


class Band(Form):
    """Points for a value `at_most` or `at_least` so much, inclusive."""

    at_most: Number | None = None
    at_least: Number | None = None
    points: Points

    @model_validator(mode="after")
    def _has_one_limit(self) -> Self:
        if (self.at_most is None) == (self.at_least is None):
            raise FormInvalid("at_most 与 at_least 须恰有其一", "needs exactly one of at_most and at_least")
        return self

    def holds(self, value: Fraction) -> bool:
        """Whether a value lies in this band."""
        return value <= self.at_most if self.at_most is not None else self.at_least is None or value >= self.at_least


class BandsCurve(Form):
    """The points of the first band that holds, else those of `else`."""

    kind: Literal["bands"]
    bands: Annotated[tuple[Band, ...], Field(min_length=1, max_length=100)]
    otherwise: Points = Field(alias="else")


class CountCurve(Form):
    """`each` points for every one counted, up to the indicator's points."""

    kind: Literal["count"]
    each: Points


class FlagCurve(Form):
    """True gives the points."""

    kind: Literal["flag"]


Curve = Annotated[LinearCurve | BandsCurve | CountCurve | FlagCurve, Field(discriminator="kind")]


class Indicator(Form):
    """Points that one fact gives along a curve."""

    id: Name
    title: Title
    fact: FactKey
    points: Points
    curve: Curve

    @model_validator(mode="after")
    def _fits_its_fact(self) -> Self:
        entry = CATALOGUE[self.fact]
        is_flag = isinstance(self.curve, FlagCurve)
        if is_flag != (entry.value_type is ValueType.FLAG) or entry.value_type is ValueType.TEXT:
            raise FormInvalid(
                "flag 曲线只用于是非类事实，其他曲线只用于数值类事实",
                "a flag curve goes with a flag, other curves with numbers",
            )
        if isinstance(self.curve, BandsCurve):
            most = max(self.curve.otherwise, *(band.points for band in self.curve.bands))
            if most > self.points:
                raise FormInvalid("分档得分超过该指标分值", "has a band that gives more than the indicator's points")
        return self


class Dimension(Form):
    """Indicators that belong together; its points are theirs added up."""

    id: Name
    title: Title
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1, max_length=100)]


class TieBreak(Form):
    """What decides between equal totals: a fact, `score.<dimension>` or `project.no`. What is missing comes last."""

    fact: Annotated[str, Field(max_length=100)]
    order: Literal["asc", "desc"]


class Rubric(Form):
    """The whole rubric. `same_as` names the city that it was borrowed from."""

    same_as: Name | None = None
    scale: Points
    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1, max_length=50)]
    tie_break: Annotated[tuple[TieBreak, ...], Field(max_length=20)] = ()

    @field_validator("dimensions")
    @classmethod
    def _has_distinct_names(cls, dimensions: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
        parts = [(part.id, (place, "id")) for place, part in enumerate(dimensions)]
        refuse_repeated(parts, "维度的 id 重复", "is the id of another dimension too")
        indicators = [
            (part.id, (place, "indicators", index, "id"))
            for place, dimension in enumerate(dimensions)
            for index, part in enumerate(dimension.indicators)
        ]
        refuse_repeated(indicators, "指标的 id 重复", "is the id of another indicator too")
        return dimensions

    @model_validator(mode="after")
    def _adds_up_and_breaks_ties_by_what_exists(self) -> Self:
        found = []
        total = sum((indicator.points for indicator in self.indicators), Fraction(0))
        if total != self.scale:
            ours, wanted = decimal_text(total), decimal_text(self.scale)
            found.append(
                FormInvalid(
                    f"各指标分值合计 {ours}，不等于满分 {wanted}", f"adds up to {ours}, not to its scale {wanted}"
                )
            )
        allowed = {f"score.{dimension.id}" for dimension in self.dimensions} | {"project.no"}
        for index, one in enumerate(self.tie_break):
            entry = CATALOGUE.get(one.fact)
            if one.fact not in allowed and (entry is None or entry.value_type is ValueType.TEXT):
                found.append(
                    FormInvalid(
                        "既非维度得分，也非可比较的事实",
                        "is neither a dimension's score nor a comparable fact",
                        ("tie_break", index, "fact"),
                    )
                )
        refuse_all(found)
        return self

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """All indicators, in the order of the dimensions."""
        return tuple(indicator for dimension in self.dimensions for indicator in dimension.indicators)
