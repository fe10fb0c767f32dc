"""Rules of a site: its table of moves, the ten signatures, what a firm's people may do and where."""

from uuid import UUID

import pytest

from services.core.identity.access import Grant, Permission, Post, Principal, Role, SiteRole
from services.core.works import rules
from services.core.works.rules import Action, Requirement, Signer, State

HERE, THERE = UUID(int=1), UUID(int=2)
FIRM, OTHER = UUID(int=11), UUID(int=12)


def test_every_state_but_the_last_leads_on_and_nothing_leads_from_the_last() -> None:
    leading = {state for _, state in rules.MOVES}
    assert leading == set(State) - {State.HANDED_OVER}
    assert set(rules.MOVES.values()) == set(State)


@pytest.mark.parametrize("state", [state for state in State if state is not State.READY])
def test_works_start_from_ready_alone(state: State) -> None:
    assert rules.after(Action.START, state) is None


def test_ten_signatures_and_no_start_is_excepted_from_them() -> None:
    assert len(rules.SIGNATURES) == len(set(rules.SIGNATURES)) == 10
    assert rules.missing_signatures(set(rules.SIGNATURES)) == []
    lacking = (SiteRole.SURVEYOR, Signer.PROJECT_LEADER)
    assert rules.missing_signatures(set(rules.SIGNATURES) - {lacking}) == [lacking]
    assert not {Requirement.COMMITMENTS, Requirement.PREPARED, Requirement.REST} & set(rules.EXCEPTED)


class TestPosts:
    FOREMAN = Principal("staff", UUID(int=9), None, posts=(Post(HERE, FIRM, SiteRole.CONTRACTOR),))

    def test_a_post_is_a_scope_of_one_project_and_no_region(self) -> None:
        scope = self.FOREMAN.scope(Permission.WORKS_WRITE)
        assert (scope.paths, scope.projects) == ((), (HERE,))
        assert not scope.covers("1.")

    def test_a_role_on_site_allows_what_its_list_says(self) -> None:
        assert self.FOREMAN.scope(Permission.INSPECTION_WRITE).projects == ()
        assert Permission.RECTIFICATION_ANSWER in self.FOREMAN.permissions
        assert Permission.SITE_WRITE not in self.FOREMAN.permissions

    def test_people_of_a_firm_act_for_it_on_its_site(self) -> None:
        acting = self.FOREMAN.acts_for(Permission.WORKS_WRITE, project_id=HERE, region_path="1.2.")
        assert acting == frozenset({FIRM})
        assert self.FOREMAN.acts_for(Permission.WORKS_WRITE, project_id=THERE, region_path="1.2.") == frozenset()

    def test_staff_of_the_region_act_for_all(self) -> None:
        street = Principal("staff", OTHER, None, grants=(Grant(Role.STREET, "1.2."),))
        assert street.acts_for(Permission.WORKS_WRITE, project_id=HERE, region_path="1.2.3.") is None
        assert street.acts_for(Permission.WORKS_WRITE, project_id=HERE, region_path="1.3.") == frozenset()
