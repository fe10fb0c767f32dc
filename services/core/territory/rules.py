"""Rules of territory: the tree, how facilities are found, whose name a printed label is, and whether printed parts add up."""

import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from services.core.kit.errors import FieldError

COUNT_KEY = "compounds"
"""The one key of a printed total that is no fact: how many compounds the lines of a group count as."""

# A child's level by its parent's. Prefectures without counties (东莞市) and development zones have streets directly below.
BELOW: dict[str, frozenset[str]] = {
    "nation": frozenset({"province"}),
    "province": frozenset({"city", "county", "zone"}),
    "city": frozenset({"county", "street", "zone"}),
    "county": frozenset({"street", "community", "zone"}),
    "zone": frozenset({"street", "community"}),
    "street": frozenset({"community"}),
    "community": frozenset(),
}
ADDED_BY_STAFF = frozenset({"street", "community", "zone"})
HOLDS_COMPOUNDS = frozenset({"city", "county", "zone", "street", "community"})


class Category(StrEnum):
    """Menu categories 基础类, 完善类, 提升类 (State Council office 国办发〔2020〕23号)."""

    BASIC = "basic"
    IMPROVED = "improved"
    UPGRADED = "upgraded"


class Area(StrEnum):
    """Where a facility belongs: 居民住宅建筑 or 小区公共区域 (Fenggang, 三(二)); some items stand in both lists."""

    BUILDINGS = "buildings"
    PUBLIC = "public"


class Tier(StrEnum):
    """必改 or 提升 (Fenggang, 三(二))."""

    MUST = "must"
    OPTIONAL = "optional"


class Improvement(StrEnum):
    """Jilin's 四改: 改善房屋功能, 改造基础设施, 改进公共服务, 改观居住环境."""

    HOUSING = "housing"
    INFRASTRUCTURE = "infrastructure"
    SERVICES = "services"
    ENVIRONMENT = "environment"


class Condition(StrEnum):
    """How a facility was found."""

    SOUND = "sound"
    WORN = "worn"
    BROKEN = "broken"
    MISSING = "missing"


class DrawingKind(StrEnum):
    """The list of drawings that a design needs: 建筑, 结构, 给排水, 电气, 燃气, 竣工图, 地下管线."""

    ARCHITECTURE = "architecture"
    STRUCTURE = "structure"
    WATER = "water"
    ELECTRICITY = "electricity"
    GAS = "gas"
    AS_BUILT = "as_built"
    PIPELINES = "pipelines"


class DrawingState(StrEnum):
    """Whether there is a drawing: the original, none, one being surveyed and drawn anew (补测补绘), one so made."""

    PRESENT = "present"
    MISSING = "missing"
    RESURVEY_ORDERED = "resurvey_ordered"
    RESURVEYED = "resurveyed"


AT_HAND = frozenset({DrawingState.PRESENT, DrawingState.RESURVEYED})


def missing_drawings(states: Mapping[str, str]) -> list[DrawingKind]:
    """The kinds of the list that are not at hand, by what is recorded of each; one of which nothing is recorded is not."""
    return [kind for kind in DrawingKind if states.get(kind) not in AT_HAND]


class Verdict(StrEnum):
    """Whether something holds; unknown while a figure that decides is missing or its sources differ."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def at_most(value: Fraction | None, limit: Fraction) -> Verdict:
    """Whether a figure keeps a limit, itself included."""
    if value is None:
        return Verdict.UNKNOWN
    return Verdict.YES if value <= limit else Verdict.NO


def all_of(verdicts: Collection[Verdict]) -> Verdict:
    """No when one is no, else unknown when one is unknown; yes when nothing is asked."""
    return next((verdict for verdict in (Verdict.NO, Verdict.UNKNOWN) if verdict in verdicts), Verdict.YES)


class Grade(StrEnum):
    """Appraisal of a building's danger (JGJ 125): A none, B single parts, C a part of the building, D the whole of it."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Conclusion(StrEnum):
    """What a comparison of renovating and rebuilding came to."""

    RENOVATE = "renovate"
    REBUILD = "rebuild"


class RegionAct(StrEnum):
    """What is done to a region by a document: another code or name, or its end."""

    RECODE = "recode"
    ABOLISH = "abolish"


@dataclass(frozen=True, slots=True)
class CodeSpan:
    """A code and when it held: from `since` (None: from the beginning) up to, not including, `until` (None: still)."""

    code: str
    since: date | None
    until: date | None


def code_spans(
    code: str | None, *, since: date | None, until: date | None, changes: Sequence[tuple[date, str | None]]
) -> list[CodeSpan]:
    """The codes of a region by time. `code`: the last; `changes`: when each former one ended, and what it was, the first first."""
    spans: list[tuple[str | None, date | None, date | None]] = []
    for ended, former in changes:
        spans.append((former, since, ended))
        since = ended
    spans.append((code, since, until))
    return [CodeSpan(held, begun, over) for held, begun, over in spans if held is not None]


class Reshape(StrEnum):
    """How compounds become others: several one, or one several."""

    MERGE = "merge"
    SPLIT = "split"


BEYOND_USE = 3
"""The highest severity. 1: slight, 2: considerable; 0 is for what is sound, and for that alone."""


@dataclass(frozen=True, slots=True)
class Facility:
    """One menu item of a compound as it was found on a day, by whom (`source`), on which paper."""

    name: str
    area: Area
    category: Category
    tier: Tier
    condition: Condition
    severity: int
    improvement: Improvement | None
    observed_on: date
    source: str
    document: str | None

    @property
    def place(self) -> tuple[str, str]:
        """What tells a compound's items apart."""
        return (self.area, self.name)


def is_defective(condition: str, severity: int) -> bool:
    """Missing, broken, or worn beyond use."""
    return condition in {Condition.MISSING, Condition.BROKEN} or (
        condition == Condition.WORN and severity >= BEYOND_USE
    )


def facility_errors(facilities: Sequence[Facility], *, today: date) -> list[FieldError]:
    """What is wrong with a list of facilities, by place: an item twice, a severity that its condition belies, a day to come."""
    errors = []
    seen: set[tuple[str, str]] = set()
    for position, facility in enumerate(facilities):
        if facility.place in seen:
            errors.append(
                FieldError(f"/items/{position}/name", "同一部位的项目重复列出", "repeats an item of the same area")
            )
        seen.add(facility.place)
        if (facility.condition is Condition.SOUND) != (facility.severity == 0):
            errors.append(
                FieldError(
                    f"/items/{position}/severity", "完好为 0，其余为 1 至 3", "is 0 for what is sound, else 1 to 3"
                )
            )
        if facility.observed_on > today:
            errors.append(FieldError(f"/items/{position}/observed_on", "不得晚于今日", "is a day to come"))
    return errors


class FindingKind(StrEnum):
    """What is wrong with figures."""

    CONFLICT = "conflict"
    MISMATCH = "mismatch"
    INCOMPLETE = "incomplete"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Part:
    """One line's share of a total; `value` is None where it was not printed."""

    label: str
    value: Fraction | None


@dataclass(frozen=True, slots=True)
class TotalFinding:
    """A printed total that its parts do not give. `difference` = reported - summed; `missing` names the parts not printed."""

    kind: FindingKind
    reported: Fraction
    summed: Fraction
    difference: Fraction
    missing: tuple[str, ...]


def total_finding(reported: Fraction, parts: Sequence[Part]) -> TotalFinding | None:
    """None when the parts add up to the total; domain.md *Real figures* (mismatch | incomplete).

    With parts not printed the total is incomplete, and the difference is what they would have to hold; but no figure is below
    zero, so printed parts that exceed the total already are a mismatch whatever is missing.
    """
    summed = sum((part.value for part in parts if part.value is not None), Fraction(0))
    missing = tuple(part.label for part in parts if part.value is None)
    difference = reported - summed
    if missing and difference >= 0:
        return TotalFinding(FindingKind.INCOMPLETE, reported, summed, difference, missing)
    if difference:
        return TotalFinding(FindingKind.MISMATCH, reported, summed, difference, missing)
    return None


def normal_name(name: str) -> str:
    """A name for comparing: compatibility forms folded, no spaces."""
    return "".join(unicodedata.normalize("NFKC", name).split())


class Names:
    """The names of some compounds, each normalised once: a thousand labels are looked up among thousands of compounds."""

    def __init__(self, compounds: Mapping[UUID, str]) -> None:
        self._compounds: dict[str, list[UUID]] = {}
        for compound_id, name in compounds.items():
            self._compounds.setdefault(normal_name(name), []).append(compound_id)

    def meant_by(self, label: str) -> list[UUID]:
        """The compounds that a printed label may mean.

        Those of exactly this name; when there is none, those whose name the label holds (two names run together,
        万利小区釜山新村) or whose name holds the label.
        """
        wanted = normal_name(label)
        exact = self._compounds.get(wanted)
        if exact is not None:
            return list(exact)
        return [one for name, those in self._compounds.items() if name in wanted or wanted in name for one in those]

    def settled(self, labels: Sequence[str]) -> list[UUID | None]:
        """Which compound each label of one report means beyond doubt: the only one of exactly this name, named by this label
        alone."""
        exact = [self._compounds.get(normal_name(label), []) for label in labels]
        found = [those[0] if len(those) == 1 else None for those in exact]
        named = Counter(found)
        return [one if named[one] == 1 else None for one in found]
