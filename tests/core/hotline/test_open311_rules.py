"""Rules of Open311: which days a list spans, what is the same request again."""

from datetime import UTC, datetime, timedelta

import pytest

from services.core.hotline.open311_rules import SPAN, is_open, same_keys, span
from services.core.hotline.rules import State
from services.core.kit.invalid import InvalidAt

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (None, None, (NOW - SPAN, NOW)),
        (NOW - 200 * DAY, None, (NOW - 200 * DAY, NOW - 110 * DAY)),
        (NOW - DAY, None, (NOW - DAY, NOW + 89 * DAY)),
        (None, NOW - 200 * DAY, (NOW - 290 * DAY, NOW - 200 * DAY)),
        (NOW - SPAN, NOW, (NOW - SPAN, NOW)),
        (NOW, NOW, (NOW, NOW)),
    ],
)
def test_a_list_spans_ninety_days(
    start: datetime | None, end: datetime | None, found: tuple[datetime, datetime]
) -> None:
    assert span(start, end, now=NOW) == found


@pytest.mark.parametrize(("start", "end"), [(NOW - SPAN - timedelta(seconds=1), NOW), (NOW, NOW - DAY)])
def test_more_or_backwards_is_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(InvalidAt) as refused:
        span(start, end, now=NOW)
    assert refused.value.pointer == "?end_date"


def test_the_same_again_is_told_within_the_hour_and_the_one_before() -> None:
    now, before = same_keys("client", ["leak", None], NOW)
    assert same_keys("client", ["leak", None], NOW + timedelta(minutes=29)) == (now, before)
    assert same_keys("client", ["leak", None], NOW + timedelta(minutes=30))[1] == now
    assert now not in same_keys("client", ["leak", None], NOW + timedelta(minutes=90))


def test_other_words_other_places_of_words_and_other_clients_are_others() -> None:
    told: list[tuple[str, list[str | None]]] = [
        ("client", ["a", "b"]),
        ("client", ["ab", None]),
        ("client", ["b", "a"]),
        ("other", ["a", "b"]),
    ]
    assert len({same_keys(by, said, NOW) for by, said in told}) == len(told)


def test_an_answered_case_is_open_until_it_is_closed() -> None:
    ended = {State.CLOSED, State.MERGED, State.WITHDRAWN, State.REJECTED}
    assert {state for state in State if not is_open(state)} == ended
