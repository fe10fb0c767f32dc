"""What one record says in other words: a committee is an owners' committee or a self-management group."""

from uuid import UUID

import pytest

from services.core.facts.rules import EffectiveFact
from services.core.projects.figures import COMMITTEE, facts_of_project, implied

COMPOUND, PROJECT = UUID(int=1), UUID(int=2)
OWNERS, GROUP = "governance.owners_committee", "governance.self_management_group"


def fact(key: str, value: str | None) -> EffectiveFact:
    return EffectiveFact(key, value, "attested", f"source of {key}", "d", (), None, None, None)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({OWNERS: "true"}, "true"),
        ({GROUP: "true"}, "true"),
        ({OWNERS: "false", GROUP: "true"}, "true"),
        ({OWNERS: "false", GROUP: "false"}, "false"),
        ({OWNERS: "false"}, None),
        ({OWNERS: None, GROUP: "false"}, None),
        ({OWNERS: "true", COMMITTEE: "false"}, "false"),
        ({OWNERS: "true", COMMITTEE: None}, None),
        ({}, None),
    ],
)
def test_a_committee_is_one_body_or_the_other(said: dict[str, str | None], found: str | None) -> None:
    known = implied({COMPOUND: {key: fact(key, value) for key, value in said.items()}, PROJECT: {}})
    told = facts_of_project(PROJECT, [COMPOUND], known).facts.get(COMMITTEE)
    assert (None if told is None else told["value"]) == found


def test_it_names_the_source_of_what_it_rests_on() -> None:
    known = implied({COMPOUND: {OWNERS: fact(OWNERS, "false"), GROUP: fact(GROUP, "true")}})
    [source] = facts_of_project(PROJECT, [COMPOUND], known).facts[COMMITTEE]["sources"]
    assert source["source"] == f"source of {GROUP}"
