"""Means, deviations and who looks again: by table and by Hypothesis."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.judgement.rules import Score, Terms, deviations, to_review, verdict


def scores(*points: str) -> dict[str, Score]:
    """Scores of experts A, B, C and so on; `*` marks a flagged one, `+` a flagged one that was looked at again."""
    return {
        letter: Score(Fraction(one.strip("*+")), flagged=one[-1] in "*+", reviewed=one[-1] == "+")
        for letter, one in zip("ABCDEFG", points, strict=False)
    }


@pytest.mark.parametrize(
    ("terms", "points", "mean", "counted"),
    [
        (Terms(100, 1), ["80"], "80", "A"),
        (Terms(100, 3), ["80", "90", "85.5"], "511/6", "ABC"),
        (Terms(100, 3), ["80", "90"], None, ""),
        (Terms(100, 1), [], None, ""),
        (Terms(100, 1), ["0", "0"], "0", "AB"),
        (Terms(100, 3, drops_extremes=True), ["0", "80", "80", "100"], "65", "ABCD"),
        (Terms(100, 3, drops_extremes=True), ["0", "80", "81", "82", "100"], "81", "BCD"),
        (Terms(100, 5, drops_extremes=True), ["0", "80", "81", "82", "100"], "81", "BCD"),
        (Terms(100, 3), ["80", "90", "10*"], None, ""),
        (Terms(100, 2), ["80", "90", "10*"], "85", "AB"),
        (Terms(100, 3), ["80", "90", "10+"], "60", "ABC"),
        (Terms(100, 3, drops_extremes=True), ["0", "80", "81", "82", "100*"], "243/4", "ABCD"),
    ],
)
def test_means(terms: Terms, points: list[str], mean: str | None, counted: str) -> None:
    found = verdict(terms, scores(*points))
    assert found.mean == (None if mean is None else Fraction(mean))
    assert found.share == (None if mean is None else Fraction(mean) / terms.scale)
    assert found.counted == set(counted)


@pytest.mark.parametrize(
    ("limit", "points", "again"),
    [
        (None, ["0", "100"], ""),
        ("50", ["0", "100"], ""),
        ("49.99", ["0", "100"], "AB"),
        ("20", ["80", "80", "50"], ""),
        ("19", ["80", "80", "50"], "C"),
        ("0", ["80", "80"], ""),
        ("0", ["80"], ""),
    ],
)
def test_who_looks_again(limit: str | None, points: list[str], again: str) -> None:
    terms = Terms(100, 1, deviation_limit=None if limit is None else Fraction(limit))
    assert to_review(terms, scores(*points)) == set(again)


POINTS = st.decimals(0, 100, places=2).map(Fraction)
GIVEN = st.dictionaries(
    st.sampled_from("ABCDEFGHIJ"), st.builds(Score, POINTS, st.booleans(), st.booleans()), max_size=10
)
TERMS = st.builds(Terms, st.just(100), st.integers(1, 6), st.booleans(), st.none() | POINTS)


@given(TERMS, GIVEN)
def test_a_mean_lies_between_the_scores_that_stand(terms: Terms, given_scores: dict[str, Score]) -> None:
    found = verdict(terms, given_scores)
    standing = [one.points for one in given_scores.values() if one.stands]
    assert (found.mean is None) == (len(standing) < terms.least)
    if found.mean is not None and found.share is not None:
        assert min(standing) <= found.mean <= max(standing)
        assert 0 <= found.share <= 1
        assert found.counted <= {expert for expert, one in given_scores.items() if one.stands}


@given(TERMS, GIVEN)
def test_the_order_of_experts_changes_no_mean(terms: Terms, given_scores: dict[str, Score]) -> None:
    other = dict(reversed(given_scores.items()))
    assert verdict(terms, other).mean == verdict(terms, given_scores).mean
    assert to_review(terms, other) == to_review(terms, given_scores)


@given(GIVEN)
def test_deviations_cancel_out(given_scores: dict[str, Score]) -> None:
    assert sum(deviations(given_scores).values(), Fraction(0)) == 0


@given(TERMS, GIVEN, st.sampled_from("ABCDEFGHIJ"), POINTS)
def test_a_higher_score_never_lowers_the_mean(
    terms: Terms, given_scores: dict[str, Score], expert: str, more: Fraction
) -> None:
    old = given_scores.get(expert)
    if old is None:
        return
    better = {**given_scores, expert: Score(old.points + more, old.flagged, old.reviewed)}
    before, after = verdict(terms, given_scores).mean, verdict(terms, better).mean
    assert (before is None) == (after is None)
    assert before is None or after is None or after >= before
