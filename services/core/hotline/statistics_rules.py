"""What the hotline's statistics count, how they are told, and what of them everybody may see. Pure.

Every figure is a pair of whole numbers: of so many, so many. Shares are exact fractions of them.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from os.path import commonprefix
from typing import TypeVar

Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)

LEAST = 5
"""A public figure of fewer cases than this is hidden; so are those that would give it away by subtraction."""


class Measure(StrEnum):
    """What is told of a group of complaints, besides how many came in."""

    RESPONSE = "response"
    ON_TIME = "on_time"
    RESOLUTION = "resolution"
    SATISFACTION = "satisfaction"


Texts = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Definition:
    """What a measure divides by what, and whom it leaves out; in Chinese and English."""

    title: Texts
    numerator: Texts
    denominator: Texts
    left_out: Texts


RECEIVED: Texts = (
    "期间内（按北京时间的自然日）受理的诉求件数，并案的各计一件",
    "complaints that came in on the days of the period (Asia/Shanghai), each of those merged for itself",
)
DEFINITIONS: Mapping[Measure, Definition] = {
    Measure.RESPONSE: Definition(
        ("答复率", "response"),
        ("其中至少答复过一次的件数", "those that were answered at least once"),
        ("受理件数", "complaints that came in"),
        ("撤回的和不予受理的不计", "those withdrawn, and those not taken up"),
    ),
    Measure.ON_TIME: Definition(
        ("按时答复率", "replies in time"),
        ("其中在期限之前答复的", "those that were kept before their limit"),
        (
            "已有结果的答复期限数：已答复的，以及逾期未答复的；每次重办另有一个期限",
            "promises to reply that are decided: kept, or past their limit; each time a case is taken up again has its own",
        ),
        (
            "尚未到期的、暂停中的和取消的（撤回、不予受理、重办）不计",
            "those still running or paused, and those cancelled (withdrawn, not taken up, taken up again)",
        ),
    ),
    Measure.RESOLUTION: Definition(
        ("解决率", "resolution"),
        ("其中反映人表示已解决的件数", "those of which the reporter said that it is solved"),
        (
            "反映人评价过或回访到的件数，以最近一轮为准；同一轮既有评价又有回访的，以评价为准",
            "complaints whose reporter rated the answer or was reached by a call-back: the latest round heard, a rating first",
        ),
        ("未评价且未回访到的不计", "those nobody was heard about"),
    ),
    Measure.SATISFACTION: Definition(
        ("满意率", "satisfaction"),
        (
            "其中表示满意的件数（五分制三分及以上）",
            "those of which the reporter said that he is content (three of five, or more)",
        ),
        ("与解决率相同", "as for resolution"),
        ("与解决率相同", "as for resolution"),
    ),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """Of `of` cases, `count`."""

    count: int = 0
    of: int = 0

    def __add__(self, other: "Figure") -> "Figure":
        return Figure(self.count + other.count, self.of + other.of)

    @property
    def share(self) -> Fraction | None:
        """The exact share; None of none."""
        return Fraction(self.count, self.of) if self.of else None

    @property
    def cells(self) -> tuple[int, int]:
        """How many did, and how many did not."""
        return self.count, self.of - self.count


@dataclass(frozen=True, slots=True)
class Counted:
    """A group of complaints: how many came in, and each measure."""

    received: int = 0
    measures: Mapping[Measure, Figure] = field(default_factory=lambda: dict.fromkeys(Measure, Figure()))

    def __add__(self, other: "Counted") -> "Counted":
        measures = {one: self.measures[one] + other.measures[one] for one in Measure}
        return Counted(self.received + other.received, measures)


@dataclass(frozen=True, slots=True)
class Shown:
    """The same as everybody may see it: None where a figure is hidden."""

    received: int | None
    measures: Mapping[Measure, Figure | None]


def summed(rows: Iterable[tuple[Row, Counted]], key: Callable[[Row], Key]) -> dict[Key, Counted]:
    """Counts by a key of what was counted finer."""
    groups: dict[Key, Counted] = {}
    for row, counted in rows:
        name = key(row)
        groups[name] = groups.get(name, Counted()) + counted
    return groups


def total(groups: Iterable[Counted]) -> Counted:
    """Everything together."""
    return sum(groups, Counted())


def child(path: str, below: str) -> str:
    """Which part of the region `below` a path lies in: one of its children, or itself."""
    rest = path[len(below) :]
    return below + rest[: rest.find(".") + 1]


def common(paths: Iterable[str]) -> str:
    """The smallest region that holds all of these paths."""
    shared = commonprefix(list(paths))  # noqa: RUF071 - then cut back to a whole number
    return shared[: shared.rfind(".") + 1]


def chain(path: str) -> Sequence[str]:
    """The regions above a path, from the whole downwards, without itself."""
    ends = [at + 1 for at, mark in enumerate(path) if mark == "."]
    return ["", *(path[:end] for end in ends[:-1])] if path else []


def table(groups: Mapping[Key, Counted], whole: Shown) -> dict[Key, Shown]:
    """What everybody may see of groups that make up a whole, of which he sees `whole`.

    A figure is hidden where fewer than `LEAST` (but not none) came in, did, or did not; then the smallest of the others with it,
    until what is hidden together, which anybody finds by subtraction, is no small figure either and not a single group's. A group
    whose size is hidden tells nothing else, for that would tell its size; where the whole is hidden, so are its parts.
    """
    unknown = _hidden({key: (one.received,) for key, one in groups.items()}, frozenset())
    hidden = {
        measures: _hidden({key: _cells(one, measures) for key, one in groups.items()}, unknown)
        for measures in _TOGETHER
    }
    return {
        key: Shown(
            None if whole.received is None or key in unknown else one.received,
            {
                measure: None if whole.measures[measure] is None or key in hidden[measures] else one.measures[measure]
                for measures in _TOGETHER
                for measure in measures
            },
        )
        for key, one in groups.items()
    }


def seen(counted: Counted) -> Shown:
    """The whole of everything as everybody may see it: there is nothing to subtract it from."""
    small = _small((counted.received,))
    return Shown(
        None if small else counted.received,
        {
            measure: None if small or _small(_cells(counted, measures)) else counted.measures[measure]
            for measures in _TOGETHER
            for measure in measures
        },
    )


_TOGETHER = ((Measure.RESPONSE,), (Measure.ON_TIME,), (Measure.RESOLUTION, Measure.SATISFACTION))
"""What is hidden or shown at once: the last two are of the same cases."""


def _cells(counted: Counted, measures: Iterable[Measure]) -> tuple[int, ...]:
    return tuple(cell for measure in measures for cell in counted.measures[measure].cells)


def _small(cells: Sequence[int]) -> bool:
    return any(0 < cell < LEAST for cell in cells)


def _hidden(groups: Mapping[Key, tuple[int, ...]], unknown: frozenset[Key]) -> frozenset[Key]:
    """The groups to hide, `unknown` among them."""
    hidden = unknown | {key for key, cells in groups.items() if _small(cells)}
    left = sorted({sum(cells) for key, cells in groups.items() if key not in hidden and any(cells)})
    while hidden and left:
        together = [sum(column) for column in zip(*(groups[key] for key in hidden), strict=True)]
        if sum(any(groups[key]) for key in hidden) != 1 and not _small(together):
            break
        smallest = left.pop(0)
        hidden |= {key for key, cells in groups.items() if sum(cells) == smallest}
    return frozenset(hidden)
