"""Who applies for a project: the owners' committee, else the self-management group, else the neighbourhood committee. Pure.

Liuzhou (domain.md S12): 由业主委员会或自管小组申请，未成立的由社区居委会盖章. What facts record decides whether one exists.
"""

from enum import StrEnum

from services.core.projects.figures import ProjectFacts


class Applicant(StrEnum):
    """Who may apply, in the order in which they do."""

    OWNERS_COMMITTEE = "owners_committee"
    SELF_MANAGEMENT_GROUP = "self_management_group"
    NEIGHBOURHOOD_COMMITTEE = "neighbourhood_committee"


TITLES: dict[Applicant, tuple[str, str]] = {
    Applicant.OWNERS_COMMITTEE: ("业主委员会", "owners' committee"),
    Applicant.SELF_MANAGEMENT_GROUP: ("自管小组", "self-management group"),
    Applicant.NEIGHBOURHOOD_COMMITTEE: ("社区居民委员会", "neighbourhood committee"),
}
_FACTS = {
    Applicant.OWNERS_COMMITTEE: "governance.owners_committee",
    Applicant.SELF_MANAGEMENT_GROUP: "governance.self_management_group",
}
_EITHER = "governance.committee"


def exists(applicant: Applicant, known: ProjectFacts) -> bool | None:
    """Whether there is one, in all compounds of the project; None where nobody recorded it. There is always a neighbourhood's."""
    if applicant is Applicant.NEIGHBOURHOOD_COMMITTEE:
        return True
    found = known.value(_FACTS[applicant])
    if isinstance(found, bool):
        return found
    return False if known.value(_EITHER) is False else None


def first(known: ProjectFacts) -> Applicant:
    """Whose turn it is: the first that is recorded to exist."""
    return _recorded(known)[0]


def passed_over(applicant: Applicant, known: ProjectFacts) -> list[Applicant]:
    """Those recorded to exist whose turn comes before this one's."""
    order = list(Applicant)
    return [one for one in _recorded(known) if order.index(one) < order.index(applicant)]


def _recorded(known: ProjectFacts) -> list[Applicant]:
    """Who is recorded to exist. Where it is known only that there is one of the two, each of them may be it."""
    bodies = [one for one in _FACTS if exists(one, known)]
    if not bodies and known.value(_EITHER) is True:
        bodies = [one for one in _FACTS if exists(one, known) is None]
    return [*bodies, Applicant.NEIGHBOURHOOD_COMMITTEE]
