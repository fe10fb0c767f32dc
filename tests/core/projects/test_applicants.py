"""Whose turn it is to apply (Liuzhou): owners' committee, else self-management group, else neighbourhood committee."""

import pytest

from services.core.projects.applicants import Applicant, exists, first, passed_over
from services.core.projects.figures import ProjectFacts

OWNERS, GROUP, NEIGHBOURHOOD = Applicant


def known(owners: str | None = None, group: str | None = None, either: str | None = None) -> ProjectFacts:
    """What is recorded of the two bodies, and of either."""
    said = {
        "governance.owners_committee": owners,
        "governance.self_management_group": group,
        "governance.committee": either,
    }
    return ProjectFacts({key: {"value": value} for key, value in said.items() if value is not None})


@pytest.mark.parametrize(
    ("facts", "turn"),
    [
        (known(), NEIGHBOURHOOD),
        (known(owners="true"), OWNERS),
        (known(owners="true", group="true"), OWNERS),
        (known(owners="false", group="true"), GROUP),
        (known(group="true"), GROUP),
        (known(owners="false", group="false"), NEIGHBOURHOOD),
        (known(either="false"), NEIGHBOURHOOD),
        (known(either="true"), OWNERS),
        (known(owners="false", either="true"), GROUP),
    ],
)
def test_the_first_that_is_recorded(facts: ProjectFacts, turn: Applicant) -> None:
    assert first(facts) is turn
    assert passed_over(turn, facts) == []


@pytest.mark.parametrize(
    ("applicant", "facts", "over"),
    [
        (GROUP, known(owners="true", group="true"), [OWNERS]),
        (NEIGHBOURHOOD, known(owners="true", group="true"), [OWNERS, GROUP]),
        (NEIGHBOURHOOD, known(owners="false", group="true", either="true"), [GROUP]),
        # It is known that there is one of the two, not which.
        (NEIGHBOURHOOD, known(either="true"), [OWNERS, GROUP]),
        (NEIGHBOURHOOD, known(owners="false", either="true"), [GROUP]),
        (GROUP, known(either="true"), [OWNERS]),
        (OWNERS, known(either="true"), []),
    ],
)
def test_who_is_passed_over(applicant: Applicant, facts: ProjectFacts, over: list[Applicant]) -> None:
    assert passed_over(applicant, facts) == over


def test_what_is_recorded_of_one_stands_before_what_is_said_of_either() -> None:
    assert exists(GROUP, known(group="true", either="false")) is True
    assert exists(OWNERS, known(either="false")) is False
    assert exists(OWNERS, known(either="true")) is None
    assert exists(NEIGHBOURHOOD, known(either="false")) is True
