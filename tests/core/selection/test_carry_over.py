"""What counts as an improvement, and when a project that missed a plan may come first."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from services.core.selection.carry_over import Change, Improvement, Said, claim, improves

ROUND = UUID(int=7)
AT = datetime(2026, 12, 1, tzinfo=UTC)


def change(kind: Improvement, said: Said, *before: Said, key: str = "k", hours: int = 0) -> Change:
    return Change(kind, key, AT + timedelta(hours=hours), UUID(int=hours), said, frozenset(before))


@pytest.mark.parametrize(
    ("kind", "said", "before", "better"),
    [
        (Improvement.PLAN, Said("new digest"), [], True),
        (Improvement.PLAN, Said("new digest"), [Said("old digest")], True),
        (Improvement.PLAN, Said("the same"), [Said("the same")], False),
        (Improvement.VOTE, Said("true", "2号"), [], True),
        (Improvement.VOTE, Said("true", "2号"), [Said("true", "1号")], True),
        (Improvement.VOTE, Said("true", "1号"), [Said("true", "1号")], False),
        (Improvement.VOTE, Said("false", "2号"), [Said("true", "1号")], False),
        (Improvement.VOTE, Said("0.8", "2号"), [Said("0.9", "1号")], True),
        (Improvement.GOVERNANCE, Said("true", "2号"), [], True),
        (Improvement.GOVERNANCE, Said("true", "2号"), [Said("false", "1号")], True),
        (Improvement.GOVERNANCE, Said("true", "2号"), [Said("true", "1号")], False),
        (Improvement.GOVERNANCE, Said("false", "2号"), [Said("true", "1号")], False),
        (Improvement.GOVERNANCE, Said("true", "2号"), [Said("false", "1号"), Said("true", "0号")], False),
    ],
)
def test_saying_the_same_again_improves_nothing(
    kind: Improvement, said: Said, before: list[Said], better: bool
) -> None:
    assert improves(change(kind, said, *before)) is better


def test_without_an_improvement_there_is_no_claim() -> None:
    assert claim(ROUND, 1, []) is None
    assert claim(ROUND, 1, [change(Improvement.PLAN, Said("same"), Said("same"))]) is None


def test_a_claim_tells_its_improvements_in_order_of_time_whatever_the_order_of_rows() -> None:
    changes = [
        change(Improvement.GOVERNANCE, Said("true"), key="governance.committee", hours=3),
        change(Improvement.VOTE, Said("true"), key="vote.plan.passed", hours=2),
        change(Improvement.PLAN, Said("new"), key="2", hours=1),
        change(Improvement.PLAN, Said("old"), Said("old"), key="3", hours=4),
    ]
    found = {claim(ROUND, 2, order) for order in permutations(changes)}
    assert len(found) == 1
    (only,) = found
    assert only is not None
    assert (only.times, [one.key for one in only.improvements]) == (
        2,
        ["2", "vote.plan.passed", "governance.committee"],
    )
    assert only.document() == {
        "round_id": str(ROUND),
        "times": 2,
        "improvements": [
            {"kind": kind, "key": key, "at": f"2026-12-01T0{hour}:00:00+00:00", "record_id": str(UUID(int=hour))}
            for kind, key, hour in [
                ("plan", "2", 1), ("vote", "vote.plan.passed", 2), ("governance", "governance.committee", 3),
            ]
        ],
    }  # fmt: skip
