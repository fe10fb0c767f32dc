"""What an event says to those who hear it: pure, so that a template can be tried on any event."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any


@dataclass(frozen=True, slots=True)
class Subscription:
    """One kind of event and its listeners.

    `above`: these roles hear it when they are held on the event's region or on a region around it (up to the city).
    `below`: these roles hear it when they are held on the event's region or anywhere inside it.
    """

    kind: str
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    link: str
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


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


def regions_above(path: str) -> list[str]:
    """The region at `path` and every region around it, the outermost first: `1.2.` gives `1.` and `1.2.`."""
    return list(accumulate(f"{number}." for number in path.split(".")[:-1]))
