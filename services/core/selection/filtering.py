"""Who competes in a round: who applied in time, and whose compounds are of the kind that its filter names. Pure.

Sources: domain.md S13 (Liuzhou: counties apply by the end of October of the year before), S18 (year of building, self-built).
"""

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from services.core.facts.catalogue import CATALOGUE, Value
from services.core.kit.calendar import day_of, has_ended
from services.core.kit.exact import decimal_text, parse_fraction
from services.core.selection.models import RoundStatus

BUILT_YEAR = "compound.built_year"
HOUSEHOLDS = "compound.households"
SELF_BUILT_SHARE = "compound.self_built_share"
FACTS = (BUILT_YEAR, HOUSEHOLDS, SELF_BUILT_SHARE)
"""What a filter may ask of a project's facts."""


class Why(StrEnum):
    """Why a project that was in the round's stage did not compete. `conflict`: it was frozen, but is not ranked; `found` are the
    keys of the facts, with commas.
    """

    LATE = "late"
    REGION = "region"
    CLUSTER = "cluster"
    BUILT = "built"
    HOUSEHOLDS = "households"
    SELF_BUILT = "self_built"
    CONFLICT = "conflict"


class RoundCalendar(StrEnum):
    """Where a round stands in its year. `to_freeze`: applications have ended, or none has a last day."""

    APPLYING = "applying"
    TO_FREEZE = "to_freeze"
    CHOOSING = "choosing"
    ON_NOTICE = "on_notice"
    NOTICE_ENDED = "notice_ended"
    DECIDED = "decided"


def calendar_of(status: str, *, apply_until: date | None, notice_until: date | None, now: datetime) -> RoundCalendar:
    """Where a round of this status stands; `notice_until` of the publication that holds."""
    match status:
        case RoundStatus.DRAFT:
            is_open = apply_until is not None and not has_ended(apply_until, now)
            return RoundCalendar.APPLYING if is_open else RoundCalendar.TO_FREEZE
        case RoundStatus.PUBLISHED:
            ended = notice_until is not None and has_ended(notice_until, now)
            return RoundCalendar.NOTICE_ENDED if ended else RoundCalendar.ON_NOTICE
        case RoundStatus.CONFIRMED:
            return RoundCalendar.DECIDED
        case _:
            return RoundCalendar.CHOOSING


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One reason, with the figures that it rests on as text: what was asked, and what there was."""

    why: Why
    asked: str
    found: str

    def document(self) -> dict[str, str]:
        """As it is stored."""
        return {"why": self.why.value, "asked": self.asked, "found": self.found}


@dataclass(frozen=True, slots=True)
class Filter:
    """What a round asks of who competes; None asks nothing. `regions` are paths of subtrees.

    `clusters`: "only" takes projects of several compounds (片区), "none" those of a single one. `built_before`: the last year, as
    in a policy's eligibility (2005年底前建成).
    """

    apply_until: date | None = None
    regions: tuple[str, ...] | None = None
    clusters: str | None = None
    built_before: int | None = None
    min_households: int | None = None
    max_self_built_share: Fraction | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any], *, apply_until: date | None, paths: Sequence[str]) -> "Filter":
        """The filter of a stored round; `paths` are those of the regions that it names."""
        share = stored.get("max_self_built_share")
        return cls(
            apply_until=apply_until,
            regions=tuple(paths) if stored.get("regions") else None,
            clusters=stored.get("clusters"),
            built_before=stored.get("built_before"),
            min_households=stored.get("min_households"),
            max_self_built_share=None if share is None else parse_fraction(share),
        )

    def why_excluded(
        self,
        *,
        region_path: str,
        compounds: int,
        applied_at: datetime | None,
        fact: Callable[[str], Value | None],
    ) -> list[Exclusion]:
        """Every reason why a project does not compete; none when it does.

        What nobody recorded, or what sources dispute, excludes nobody; nor does an application from before there were records.
        """
        found: list[Exclusion] = []
        if self.apply_until is not None and applied_at is not None and day_of(applied_at) > self.apply_until:
            found.append(Exclusion(Why.LATE, self.apply_until.isoformat(), day_of(applied_at).isoformat()))
        if self.regions is not None and not region_path.startswith(self.regions):
            found.append(Exclusion(Why.REGION, "", ""))
        if self.clusters is not None and (compounds > 1) != (self.clusters == "only"):
            found.append(Exclusion(Why.CLUSTER, self.clusters, str(compounds)))
        last = self.built_before
        if last is not None and isinstance(year := fact(BUILT_YEAR), Fraction) and year > last:
            found.append(Exclusion(Why.BUILT, str(last), _text(year)))
        least = self.min_households
        if least is not None and (households := fact(HOUSEHOLDS)) is not None and not _at_least(households, least):
            found.append(Exclusion(Why.HOUSEHOLDS, str(least), _text(households)))
        most = self.max_self_built_share
        if most is not None and isinstance(share := fact(SELF_BUILT_SHARE), Fraction) and share > most:
            found.append(Exclusion(Why.SELF_BUILT, decimal_text(most), _text(share)))
        return found


def apply_until(month_day: str | None, year: int) -> date | None:
    """The last day of applications for a plan year: that day of the year before (柳州: 10-31). A 30 February is its last day."""
    if month_day is None:
        return None
    month, day = (int(part) for part in month_day.split("-"))
    return date(year - 1, month, min(day, monthrange(year - 1, month)[1]))


def words(reason: Mapping[str, str]) -> tuple[str, str]:
    """A stored reason in Chinese and in English."""
    asked, found = reason["asked"], reason["found"]
    match Why(reason["why"]):
        case Why.LATE:
            return f"申报日期 {found}，晚于截止日 {asked}", f"applied on {found}, after the last day {asked}"
        case Why.REGION:
            return "不在本轮次限定的区域内", "lies outside the regions that the round is for"
        case Why.CLUSTER if asked == "only":
            return "本轮次只收片区项目，该项目只有一个小区", "is a single compound, and the round is for clusters"
        case Why.CLUSTER:
            return (
                f"本轮次不收片区项目，该项目含 {found} 个小区",
                f"is a cluster of {found}, and the round is for single ones",
            )
        case Why.BUILT:
            return f"建成年份 {found}，晚于 {asked} 年", f"was built in {found}, after {asked}"
        case Why.HOUSEHOLDS:
            return f"住户 {found} 户，少于 {asked} 户", f"has {found} households, fewer than {asked}"
        case Why.SELF_BUILT:
            return f"自建住房占比 {found}，超过 {asked}", f"is self-built to {found}, more than {asked}"
        case Why.CONFLICT:
            facts = [CATALOGUE[key] for key in found.split(",")]
            return (
                f"{'、'.join(fact.title_zh for fact in facts)}的数据来源不一致，尚未裁定，不参加排名",
                f"is not ranked: sources differ on {' and '.join(fact.title_en for fact in facts)}, nobody has adjudicated",
            )


def _at_least(value: Value | None, limit: int) -> bool:
    return isinstance(value, Fraction) and value >= limit


def _text(value: Value | None) -> str:
    return decimal_text(value) if isinstance(value, Fraction) else ""
