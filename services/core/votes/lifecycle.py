"""The way of a vote: which act leads from where to where, and what its parts are called. Pure.

semantics.md *Votes*: roll published, objected to, corrected, frozen by `open`; notice, open, (extend), close, preliminary result,
notice with objections, final.
"""

from collections.abc import Mapping
from enum import StrEnum


class VoteStatus(StrEnum):
    """Where a vote stands. `MOVES` says which act leads where."""

    DRAFT = "draft"
    ROLL = "roll"
    NOTICED = "noticed"
    OPEN = "open"
    CLOSED = "closed"
    PRELIMINARY = "preliminary"
    FINAL = "final"
    CANCELLED = "cancelled"


class VoteAct(StrEnum):
    """What moves a vote. `reopen_count`: an objection to the result was upheld, ballots are put right and counted again."""

    PUBLISH_ROLL = "publish_roll"
    NOTIFY = "notify"
    OPEN = "open"
    EXTEND = "extend"
    CLOSE = "close"
    PUBLISH = "publish"
    REOPEN_COUNT = "reopen_count"
    FINALISE = "finalise"
    CANCEL = "cancel"


MOVES: Mapping[tuple[VoteAct, str], VoteStatus] = {
    (VoteAct.PUBLISH_ROLL, VoteStatus.DRAFT): VoteStatus.ROLL,
    # Corrected after an objection, or because the register has changed: published anew, for a full notice.
    (VoteAct.PUBLISH_ROLL, VoteStatus.ROLL): VoteStatus.ROLL,
    # Also once the vote is announced: the announcement falls, and is made anew after the notice.
    (VoteAct.PUBLISH_ROLL, VoteStatus.NOTICED): VoteStatus.ROLL,
    (VoteAct.NOTIFY, VoteStatus.ROLL): VoteStatus.NOTICED,
    (VoteAct.OPEN, VoteStatus.NOTICED): VoteStatus.OPEN,
    (VoteAct.EXTEND, VoteStatus.OPEN): VoteStatus.OPEN,
    (VoteAct.CLOSE, VoteStatus.OPEN): VoteStatus.CLOSED,
    (VoteAct.PUBLISH, VoteStatus.CLOSED): VoteStatus.PRELIMINARY,
    (VoteAct.REOPEN_COUNT, VoteStatus.PRELIMINARY): VoteStatus.CLOSED,
    (VoteAct.FINALISE, VoteStatus.PRELIMINARY): VoteStatus.FINAL,
    (VoteAct.CANCEL, VoteStatus.DRAFT): VoteStatus.CANCELLED,
    (VoteAct.CANCEL, VoteStatus.ROLL): VoteStatus.CANCELLED,
    (VoteAct.CANCEL, VoteStatus.NOTICED): VoteStatus.CANCELLED,
    (VoteAct.CANCEL, VoteStatus.OPEN): VoteStatus.CANCELLED,
    (VoteAct.CANCEL, VoteStatus.CLOSED): VoteStatus.CANCELLED,
    (VoteAct.CANCEL, VoteStatus.PRELIMINARY): VoteStatus.CANCELLED,
}

STATUS_TITLES: Mapping[VoteStatus, tuple[str, str]] = {
    VoteStatus.DRAFT: ("草拟", "draft"),
    VoteStatus.ROLL: ("名册公示", "roll on notice"),
    VoteStatus.NOTICED: ("表决公告", "announced"),
    VoteStatus.OPEN: ("表决中", "open"),
    VoteStatus.CLOSED: ("已截止，待计票", "closed, to be counted"),
    VoteStatus.PRELIMINARY: ("结果公示", "preliminary result on notice"),
    VoteStatus.FINAL: ("结果生效", "final"),
    VoteStatus.CANCELLED: ("已撤销", "cancelled"),
}
ACT_TITLES: Mapping[VoteAct, tuple[str, str]] = {
    VoteAct.PUBLISH_ROLL: ("公示名册", "publish the roll"),
    VoteAct.NOTIFY: ("发布表决公告", "announce"),
    VoteAct.OPEN: ("固定名册并开始表决", "freeze the roll and open"),
    VoteAct.EXTEND: ("延长表决期", "extend"),
    VoteAct.CLOSE: ("截止", "close"),
    VoteAct.PUBLISH: ("公示初步结果", "publish the preliminary result"),
    VoteAct.REOPEN_COUNT: ("异议成立，重新计票", "count again after an upheld objection"),
    VoteAct.FINALISE: ("确认结果", "finalise"),
    VoteAct.CANCEL: ("撤销", "cancel"),
}

UNSEALED = frozenset({VoteStatus.CLOSED, VoteStatus.PRELIMINARY, VoteStatus.FINAL})
"""Where choices may be read. Before, only how many took part; a cancelled vote stays sealed."""

TOLD = frozenset({VoteStatus.PRELIMINARY, VoteStatus.FINAL})
"""Where the result is public."""


class VoteScope(StrEnum):
    """Whose owners vote."""

    COMPOUND = "compound"
    BUILDING = "building"
    ENTRANCE = "entrance"


class Channel(StrEnum):
    """How a ballot reached the count."""

    PHONE = "phone"
    PAPER = "paper"
    PROXY = "proxy"
    DOOR = "door"
    MEETING = "meeting"


NEEDS_SECOND = frozenset({Channel.PAPER, Channel.PROXY})
"""What is on paper counts once a second person has read the same from it."""


class Assurance(StrEnum):
    """How sure it is who voted, the least first."""

    PHONE = "phone"
    CODE = "code"
    ON_SITE = "on_site"
    FACE = "face"
    E_SIGNATURE = "e_signature"


ASSURANCES: tuple[str, ...] = tuple(Assurance)


class Interim(StrEnum):
    """What the public sees before the close: how many took part, or nothing. Choices are sealed in any case."""

    PARTICIPATION = "participation"
    NOTHING = "nothing"


class Entry(StrEnum):
    """What a line of the ledger of ballots says."""

    CAST = "cast"
    CONFIRM = "confirm"
    CORRECT = "correct"
    VOID = "void"


class Served(StrEnum):
    """How an owner was given the notice of a vote."""

    POSTED = "posted"
    DOOR = "door"
    PHONE = "phone"
    SMS = "sms"
    WECHAT = "wechat"
    MAIL = "mail"
    MEETING = "meeting"


class ObjectionTo(StrEnum):
    """What an objection is about."""

    ROLL = "roll"
    RESULT = "result"


class VoteObjectionStatus(StrEnum):
    """What became of it."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"
