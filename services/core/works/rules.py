"""Pure rules of a site: what moves it from state to state, which organisations it has once, which of them are firms."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from services.core.identity.access import SiteRole


class State(StrEnum):
    """Where the works of a project stand."""

    PREPARING = "preparing"
    READY = "ready"
    STARTED = "started"
    STOPPED = "stopped"
    FINISHED = "finished"
    ACCEPTED = "accepted"
    HANDED_OVER = "handed_over"


class Action(StrEnum):
    """What is done to a site. `open` and `change` move nothing; `reopen` takes back what was declared too early."""

    OPEN = "open"
    CHANGE = "change"
    PREPARED = "prepared"
    REOPEN = "reopen"
    START = "start"
    STOP = "stop"
    RESUME = "resume"
    FINISH = "finish"
    ACCEPT = "accept"
    HAND_OVER = "hand_over"


MOVES: Mapping[tuple[Action, State], State] = {
    (Action.PREPARED, State.PREPARING): State.READY,
    (Action.REOPEN, State.READY): State.PREPARING,
    (Action.START, State.READY): State.STARTED,
    (Action.STOP, State.STARTED): State.STOPPED,
    (Action.RESUME, State.STOPPED): State.STARTED,
    (Action.FINISH, State.STARTED): State.FINISHED,
    (Action.REOPEN, State.FINISHED): State.STARTED,
    (Action.ACCEPT, State.FINISHED): State.ACCEPTED,
    (Action.HAND_OVER, State.ACCEPTED): State.HANDED_OVER,
}

BEFORE_START = frozenset({State.PREPARING, State.READY})
UNDER_WAY = frozenset({State.STARTED, State.STOPPED})
OVER = frozenset({State.ACCEPTED, State.HANDED_OVER})
"""Nothing of the works is written any more."""
EXPLAINED = frozenset({Action.REOPEN, Action.STOP, Action.RESUME})
"""Moves that need a reason."""

COMMITTED: tuple[SiteRole, ...] = (
    SiteRole.CLIENT,
    SiteRole.SURVEYOR,
    SiteRole.DESIGNER,
    SiteRole.CONTRACTOR,
    SiteRole.SUPERVISOR,
)
"""The five responsible parties (五方责任主体), each at most one at a time: they answer for quality for life (domain.md I1)."""


class Signer(StrEnum):
    """Who signs for a party: its legal representative (法定代表人) and its project leader (项目负责人)."""

    LEGAL_REPRESENTATIVE = "legal_representative"
    PROJECT_LEADER = "project_leader"


SIGNER_TITLES: Mapping[Signer, tuple[str, str]] = {
    Signer.LEGAL_REPRESENTATIVE: ("法定代表人", "legal representative"),
    Signer.PROJECT_LEADER: ("项目负责人", "project leader"),
}
SIGNATURES: tuple[tuple[SiteRole, Signer], ...] = tuple((role, signer) for role in COMMITTED for signer in Signer)
"""The ten signatures of lifetime quality commitment (工程质量终身责任承诺书, domain.md I1). There is no start without all."""


class Requirement(StrEnum):
    """What a start needs of its site."""

    PREPARED = "prepared"
    COMMITMENTS = "commitments"
    REVIEW = "review"
    UTILITIES = "utilities"
    REST = "rest"
    OBJECTIONS = "objections"


EXCEPTED = (Requirement.REVIEW, Requirement.UTILITIES, Requirement.OBJECTIONS)
"""What a policy may let two people except a start from. There is no start without ten signatures, whoever agrees."""


class ExceptionState(StrEnum):
    """Where an exception from a requirement stands."""

    ASKED = "asked"
    AGREED = "agreed"
    REFUSED = "refused"


FIRMS = frozenset(SiteRole) - {SiteRole.CLIENT, SiteRole.UTILITY}
"""Roles of firms under contract: they are known by their unified social credit code."""

ROLE_TITLES: Mapping[SiteRole, tuple[str, str]] = {
    SiteRole.CLIENT: ("建设单位", "client"),
    SiteRole.SURVEYOR: ("勘察单位", "surveyor"),
    SiteRole.DESIGNER: ("设计单位", "designer"),
    SiteRole.CONTRACTOR: ("施工总承包单位", "main contractor"),
    SiteRole.SUPERVISOR: ("监理单位", "supervisor"),
    SiteRole.SUBCONTRACTOR: ("分包单位", "subcontractor"),
    SiteRole.CONSULTANT: ("全过程咨询单位", "consultant"),
    SiteRole.UTILITY: ("专营单位", "utility"),
    SiteRole.SUPPLIER: ("材料供应单位", "supplier"),
}


def missing_signatures(signed: Collection[tuple[str, str]]) -> list[tuple[SiteRole, Signer]]:
    """Which of the ten signatures are not there, in their order."""
    return [one for one in SIGNATURES if one not in signed]


def after(action: Action, state: State) -> State | None:
    """Where a move leads; None when it cannot be made now."""
    return MOVES.get((action, state))


class ReviewState(StrEnum):
    """Where a joint review stands. A revision supersedes the one before it."""

    OPEN = "open"
    CLOSED = "closed"
    SUPERSEDED = "superseded"


class PartState(StrEnum):
    """Where a department's part of a review stands. `overdue`: it let its time pass, and that is on record."""

    WAITING = "waiting"
    ANSWERED = "answered"
    OVERDUE = "overdue"


class Verdict(StrEnum):
    """What a department says. Conditions are told in its opinion and do not hold the review up."""

    AGREE = "agree"
    CONDITIONS = "conditions"
    DISAGREE = "disagree"


class BlackoutKind(StrEnum):
    """Why sites rest."""

    EXAMINATION = "examination"
    HOLIDAY = "holiday"
    OTHER = "other"


class Forbids(StrEnum):
    """What rests: all works, or their machines."""

    WORKS = "works"
    MACHINES = "machines"


class UtilityKind(StrEnum):
    """What a utility supplies (专营单位)."""

    WATER = "water"
    DRAINAGE = "drainage"
    POWER = "power"
    GAS = "gas"
    HEATING = "heating"
    TELECOM = "telecom"
    CABLE_TV = "cable_tv"
    OTHER = "other"


class UtilityState(StrEnum):
    """Where a utility's task stands. `nothing`: it confirmed that it has nothing to do there."""

    TOLD = "told"
    PLANNED = "planned"
    NOTHING = "nothing"
    DONE = "done"
    WITHDRAWN = "withdrawn"


class UtilityAction(StrEnum):
    """What is done about a utility's task."""

    TELL = "tell"
    PLAN = "plan"
    NOTHING = "nothing"
    DONE = "done"
    WITHDRAW = "withdraw"


UTILITY_MOVES: Mapping[tuple[UtilityAction, UtilityState], UtilityState] = {
    # A plan is made anew as often as need be; also where it was said too early that there is nothing, or that all is done.
    **{
        (UtilityAction.PLAN, state): UtilityState.PLANNED
        for state in (UtilityState.TOLD, UtilityState.PLANNED, UtilityState.NOTHING, UtilityState.DONE)
    },
    (UtilityAction.NOTHING, UtilityState.TOLD): UtilityState.NOTHING,
    (UtilityAction.NOTHING, UtilityState.PLANNED): UtilityState.NOTHING,
    (UtilityAction.DONE, UtilityState.PLANNED): UtilityState.DONE,
    (UtilityAction.WITHDRAW, UtilityState.TOLD): UtilityState.WITHDRAWN,
    (UtilityAction.WITHDRAW, UtilityState.PLANNED): UtilityState.WITHDRAWN,
    (UtilityAction.WITHDRAW, UtilityState.NOTHING): UtilityState.WITHDRAWN,
}


class RecordKind(StrEnum):
    """What is shown of a material (domain.md I5)."""

    SAMPLE = "sample"
    CERTIFICATE = "certificate"
    TEST_REPORT = "test_report"


class BatchState(StrEnum):
    """Where a batch of material stands."""

    ARRIVED = "arrived"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


BATCH_CHECKED = frozenset({BatchState.ACCEPTED, BatchState.REJECTED})
"""What another person says of a batch than who recorded it."""


class ObjectionState(StrEnum):
    """Where an objection to the works stands."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
