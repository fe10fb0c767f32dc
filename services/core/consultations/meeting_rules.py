"""Pure rules of meetings: their kinds, and that nothing which goes out to everybody holds what belongs to one person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.core.kit.errors import FieldError
from services.core.kit.invalid import pointer_to
from services.core.ownership.rules import holds_personal_number

MOST_TEXT, MOST_FOLLOW_UPS, MOST_RESULT = 7_400, 20, 100
"""Most characters of a record, most that it leaves to do, most characters to say how that was done: all of it fits a page of the
mini-program, 32 KB.
"""


class MeetingKind(StrEnum):
    """What sort of meeting: residents discuss (居民研讨会), owners decide, the committee meets, an entrance talks of a lift."""

    RESIDENTS = "residents"
    OWNERS = "owners"
    COMMITTEE = "committee"
    ENTRANCE = "entrance"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is to be done, by which body, until when."""

    what: str
    responsible: str
    due: date | None


@dataclass(frozen=True, slots=True)
class Record:
    """A meeting as it is written down. `attended`: people; `properties_represented`: properties that somebody spoke for."""

    kind: MeetingKind
    title: str
    held_on: date
    place: str
    attended: int
    properties_represented: int
    agenda: Sequence[str]
    decisions: Sequence[str]
    documents: Sequence[str]
    follow_ups: Sequence[FollowUp]


def record_errors(record: Record, *, today: date) -> list[FieldError]:
    """Every wrong place: a meeting still to come, and numbers that belong to one person."""
    errors = []
    if record.held_on > today:
        errors.append(FieldError("/held_on", "不得晚于今天", "must not lie in the future"))
    if sum(len(text) for _, text in _texts(record)) > MOST_TEXT:
        errors.append(
            FieldError("", f"记录合计至多 {MOST_TEXT} 字", f"may have at most {MOST_TEXT} characters altogether")
        )
    errors += [
        FieldError(pointer, "不得含有手机号或身份证号", "may not hold a mobile or an identity number")
        for pointer, text in _texts(record)
        if holds_personal_number(text)
    ]
    return errors


def _texts(record: Record) -> Iterator[tuple[str, str]]:
    yield "/title", record.title
    yield "/place", record.place
    for name, lines in (("agenda", record.agenda), ("decisions", record.decisions), ("documents", record.documents)):
        for index, line in enumerate(lines):
            yield pointer_to(name, index), line
    for index, item in enumerate(record.follow_ups):
        yield pointer_to("follow_ups", index, "what"), item.what
        yield pointer_to("follow_ups", index, "responsible"), item.responsible
