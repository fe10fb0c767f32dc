"""Pure rules of duty desks: an organisation's number, which routing rule a case falls under, and why the others did not apply."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from stdnum.cn import uscc

from services.core.kit.calendar import SHANGHAI, WorkCalendar
from services.core.kit.invalid import InvalidAt


class OrganisationKind(StrEnum):
    """What an organisation is to a renovation."""

    DEPARTMENT = "department"
    CONTRACTOR = "contractor"
    SUPERVISOR = "supervisor"
    DESIGNER = "designer"
    UTILITY = "utility"
    PROPERTY_FIRM = "property_firm"
    OTHER = "other"


class DeskRole(StrEnum):
    """What a desk is for: to handle cases, or to supervise those who do (督办)."""

    HANDLING = "handling"
    SUPERVISION = "supervision"


_BETWEEN = re.compile(r"[\s-]")
_DUTY_NUMBER = re.compile(r"0\d{9,11}|[48]00\d{7}|1[0-2]\d{3}|9\d{4,5}", re.ASCII)
_USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")


def credit_code(given: str) -> str:
    """A unified social credit code (GB 32100-2015) as it is kept; InvalidAt when its form or its check digit is wrong.

    The first two places may be letters (military, rural collectives, others), which stdnum's own check would refuse.
    """
    folded = _BETWEEN.sub("", unicodedata.normalize("NFKC", given)).upper()
    if _USCC.fullmatch(folded) is None or uscc.calc_check_digit(folded) != folded[-1]:
        raise InvalidAt("", "统一社会信用代码有误，请核对", "is no valid unified social credit code; check its digits")
    return folded


def duty_number(given: str) -> str:
    """The telephone of a desk in digits: a landline with its area code, a 400 or 800 number, or a short one such as 12345.

    InvalidAt for anything else, mobile numbers among it: what the public is told is never a person's own.
    """
    digits = _BETWEEN.sub("", unicodedata.normalize("NFKC", given))
    if _DUTY_NUMBER.fullmatch(digits) is None:
        raise InvalidAt(
            "",
            "应为带区号的固定电话、400/800 号码或 12345 等短号，不得为个人手机",
            "must be a landline with its area code, a 400 or 800 number, or a short one such as 12345; no mobile",
        )
    return digits


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a rule asks of a case. All that is given must hold; of several values one is enough; None asks nothing.

    `categories` hold for what lies below them as well, `regions` (paths) for their subtrees. `since` and `until` are hours of the
    day in Asia/Shanghai, `until` excluded; a span may reach over midnight. `weekdays` are those of ISO 8601, Monday is 1.
    """

    categories: frozenset[str] | None = None
    regions: frozenset[str] | None = None
    projects: frozenset[UUID] | None = None
    organisations: frozenset[UUID] | None = None
    channels: frozenset[str] | None = None
    weekdays: frozenset[int] | None = None
    working_day: bool | None = None
    since: time | None = None
    until: time | None = None

    @property
    def is_empty(self) -> bool:
        """Whether every case fits."""
        return self == Conditions()


_SETS = ("categories", "channels", "organisations", "projects", "weekdays")


def stored(conditions: Conditions, regions: Mapping[str, UUID]) -> dict[str, Any]:
    """Conditions as they are kept: only what is given, sorted; each region as its id and its path, which never changes."""
    kept: dict[str, Any] = {}
    for name in _SETS:
        values: frozenset[Any] | None = getattr(conditions, name)
        if values is not None:
            kept[name] = sorted(value if isinstance(value, int) else str(value) for value in values)
    if conditions.regions is not None:
        kept["regions"] = [{"id": str(regions[path]), "path": path} for path in sorted(conditions.regions)]
    if conditions.working_day is not None:
        kept["working_day"] = conditions.working_day
    for name in ("since", "until"):
        hour: time | None = getattr(conditions, name)
        if hour is not None:
            kept[name] = f"{hour:%H:%M}"
    return kept


def conditions_of(kept: Mapping[str, Any]) -> Conditions:
    """The conditions of a stored rule."""

    def ids(name: str) -> frozenset[UUID] | None:
        return frozenset(map(UUID, kept[name])) if name in kept else None

    def words(name: str) -> frozenset[str] | None:
        return frozenset(kept[name]) if name in kept else None

    def hour(name: str) -> time | None:
        return time.fromisoformat(kept[name]) if name in kept else None

    return Conditions(
        categories=words("categories"),
        regions=frozenset(region["path"] for region in kept["regions"]) if "regions" in kept else None,
        projects=ids("projects"),
        organisations=ids("organisations"),
        channels=words("channels"),
        weekdays=frozenset(kept["weekdays"]) if "weekdays" in kept else None,
        working_day=kept.get("working_day"),
        since=hour("since"),
        until=hour("until"),
    )


def check_hours(conditions: Conditions) -> None:
    """InvalidAt unless both ends of the day's span are given or neither, and differ."""
    if (conditions.since is None) != (conditions.until is None):
        name = "until" if conditions.until is None else "since"
        raise InvalidAt(f"/{name}", "起止时刻须同时写明", "both ends of the hours must be given")
    if conditions.since is not None and conditions.since == conditions.until:
        raise InvalidAt("/until", "起止时刻不能相同", "must differ from the beginning")


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be routed. `categories`: its own category, then those above it."""

    categories: tuple[str, ...]
    region_path: str
    channel: str
    at: datetime
    project_id: UUID | None = None
    organisation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule that is in force. A default has no conditions and is looked at after every other rule."""

    id: UUID
    number: int
    region_path: str
    position: int
    is_default: bool
    conditions: Conditions


class Unmet(StrEnum):
    """The condition that a case does not meet."""

    CATEGORY = "category"
    REGION = "region"
    PROJECT = "project"
    ORGANISATION = "organisation"
    CHANNEL = "channel"
    WEEKDAY = "weekday"
    WORKING_DAY = "working_day"
    HOURS = "hours"


WHY_NOT: dict[Unmet, tuple[str, str]] = {
    Unmet.CATEGORY: ("诉求类别不在规则所列之内", "its category is not among those of the rule"),
    Unmet.REGION: ("不在规则所列区域内", "it lies in none of the rule's regions"),
    Unmet.PROJECT: ("不属于规则所列项目", "it belongs to none of the rule's projects"),
    Unmet.ORGANISATION: ("不涉及规则所列单位", "it concerns none of the rule's organisations"),
    Unmet.CHANNEL: ("受理渠道不在规则所列之内", "it came by none of the rule's channels"),
    Unmet.WEEKDAY: ("不是规则所列的星期", "the day of the week is not the rule's"),
    Unmet.WORKING_DAY: ("工作日条件不符", "the rule is for working days, or for days off, and this is not one"),
    Unmet.HOURS: ("不在规则所列时段内", "the hour lies outside those of the rule"),
}


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule that was looked at, and what of it the case does not meet: nothing means that it applies."""

    rule: Rule
    unmet: tuple[Unmet, ...]


def unmet(conditions: Conditions, case: Case, calendar: WorkCalendar) -> tuple[Unmet, ...]:
    """Every condition that does not hold for the case."""
    local = case.at.astimezone(SHANGHAI)
    wanted = conditions
    holds = {
        Unmet.CATEGORY: wanted.categories is None or not wanted.categories.isdisjoint(case.categories),
        Unmet.REGION: wanted.regions is None or any(case.region_path.startswith(path) for path in wanted.regions),
        Unmet.PROJECT: wanted.projects is None or case.project_id in wanted.projects,
        Unmet.ORGANISATION: wanted.organisations is None or case.organisation_id in wanted.organisations,
        Unmet.CHANNEL: wanted.channels is None or case.channel in wanted.channels,
        Unmet.WEEKDAY: wanted.weekdays is None or local.isoweekday() in wanted.weekdays,
        Unmet.WORKING_DAY: wanted.working_day is None or calendar.is_workday(local.date()) is wanted.working_day,
        Unmet.HOURS: _within(local.time(), wanted.since, wanted.until),
    }
    return tuple(condition for condition, held in holds.items() if not held)


def _within(hour: time, since: time | None, until: time | None) -> bool:
    if since is None or until is None:
        return True
    return since <= hour < until if since < until else hour >= since or hour < until


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Rules as they are tried: those of the nearest region first, by their position there; every default after all others."""
    return sorted(rules, key=lambda rule: (rule.is_default, -rule.region_path.count("."), rule.position, rule.id))


def route(rules: Iterable[Rule], case: Case, calendar: WorkCalendar) -> tuple[Rule | None, list[Tried]]:
    """The first rule that the case meets, and every rule that was looked at until then, itself the last."""
    tried: list[Tried] = []
    for rule in in_order(rules):
        looked = Tried(rule, unmet(rule.conditions, case, calendar))
        tried.append(looked)
        if not looked.unmet:
            return rule, tried
    return None, tried


def around(region_path: str) -> list[str]:
    """The paths of a region and of all that it lies in, the outermost first."""
    numbers = region_path.rstrip(".").split(".")
    return [".".join(numbers[:length]) + "." for length in range(1, len(numbers) + 1)]
