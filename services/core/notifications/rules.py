"""What an event says to those who hear it: pure, so that a template can be tried on any event."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from itertools import accumulate
from typing import Any

from services.core.kit.calendar import SHANGHAI


@dataclass(frozen=True, slots=True)
class Subscription:
    """One kind of event and its listeners.

    `above`: these roles hear it when they are held on the event's region or on a region around it (up to the city).
    `below`: these roles hear it when they are held on the event's region or anywhere inside it.
    `desk`: those on duty at the desk that has the case hear it; while no desk has it, `otherwise` does, as `above`.
    `climbs`: those hear it whom the event names in `to`, by the words of the policy's ladder.
    `act`: only where the event says that this was done. Where an event names a desk, `desk` is that one.
    `reporter`: who made the complaint hears it, where he has an account.
    """

    kind: str
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    link: str
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    desk: bool = False
    otherwise: tuple[str, ...] = ()
    climbs: bool = False
    act: str | None = None
    reporter: bool = False


@dataclass(frozen=True, slots=True)
class Texts:
    """A message in both languages, and where it leads."""

    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    link: str

    def as_dict(self) -> dict[str, str]:
        """By column name."""
        return asdict(self)


PROMISES = {
    "sign_in": ("签收", "signing in"),
    "contact": ("首次联系", "first contact"),
    "reply": ("答复", "reply"),
    "call_back": ("回访", "call-back"),
    "review_answer": ("联合审查答复", "joint review"),
    "utility_answer": ("专营单位确认", "confirmation by a utility"),
    "objection_answer": ("异议答复", "answer to an objection"),
}
"""Clocks, in words."""


class _Words(dict[str, Any]):
    """What templates may name. An older event may lack a field that a newer template names: that must not stop the others."""

    def __missing__(self, _name: str) -> str:
        return "—"


def word(subscription: Subscription, *, subject: str | None, region: str | None, fields: Mapping[str, Any]) -> Texts:
    """The texts of one event. `fields` are those of the event, and `subject_type` and `subject_id`."""
    words = _Words({name: value for name, value in fields.items() if value is not None})
    for name, value in (("subject", subject), ("region", region)):
        if value:
            words[name] = value
    return Texts(
        title_zh=subscription.title_zh,
        title_en=subscription.title_en,
        body_zh=subscription.body_zh.format_map(words),
        body_en=subscription.body_en.format_map(words),
        link=subscription.link.format_map(words),
    )


PART_OF = {"assignment": "complaint", "review_part": "project", "utility_task": "project", "site_objection": "project"}
CASES = {"complaint": ("诉求", "case"), "project": ("改造项目", "project")}


def of_clock(fields: Mapping[str, Any]) -> dict[str, str]:
    """What an event of a clock also gives to name: what was promised, in both languages, and the last moment of its limit."""
    words = dict(
        zip(("promise_zh", "promise_en"), PROMISES.get(fields.get("key", ""), ("办理", "handling")), strict=True)
    )
    if (due_at := fields.get("due_at")) is not None:
        end = datetime.fromisoformat(due_at).astimezone(SHANGHAI)
        last = end - timedelta(minutes=1)
        words["until"] = f"{last:%Y-%m-%d} 24:00" if end.time() == time() else f"{end:%Y-%m-%d %H:%M}"
    return words


def case_words(subject_type: str) -> dict[str, str]:
    """What a case is called: the thing itself, or what the subject of an event is a part of."""
    case = PART_OF.get(subject_type, subject_type)
    zh, en = CASES.get(case, CASES["complaint"])
    return {"case_type": case, "case_zh": zh, "case_en": en}


def regions_above(path: str) -> list[str]:
    """The region at `path` and every region around it, the outermost first: `1.2.` gives `1.` and `1.2.`."""
    return list(accumulate(f"{number}." for number in path.split(".")[:-1]))
