"""What can be refused about votes of owners."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class VoteInputWrong(InputInvalid):
    code, kind = "vote-input-invalid", Kind.INVALID
    title_zh, title_en = "表决设置有误", "The vote is not valid"


class VoteTextPersonal(InputInvalid):
    code, kind = "vote-text-personal", Kind.INVALID
    title_zh, title_en = "文字中含有个人号码", "A text holds somebody's number"


class VoteStatusWrong(DomainError):
    """`extra`: the status it has."""

    code, kind = "vote-status-wrong", Kind.CONFLICT
    title_zh, title_en = "表决所处的阶段不能办理此事", "The vote is at a stage at which this is not done"


class VotePlanOutdated(DomainError):
    code, kind = "vote-plan-outdated", Kind.CONFLICT
    title_zh, title_en = (
        "方案已修改，须就现行方案另行表决",
        "The plan has changed since: the plan in force needs a vote of its own",
    )


class RollEmpty(DomainError):
    code, kind = "vote-roll-empty", Kind.CONFLICT
    title_zh, title_en = "产权登记中没有可列入名册的房屋", "The register holds no property for this roll"


class RollIncomplete(DomainError):
    """`extra`: how many properties have no exclusive area."""

    code, kind = "vote-roll-incomplete", Kind.CONFLICT
    title_zh, title_en = (
        "有房屋缺少专有部分面积，名册无法公示",
        "Properties lack their exclusive area: the roll cannot be published",
    )


class RollTampered(DomainError):
    code, kind = "vote-roll-tampered", Kind.CONFLICT
    title_zh, title_en = (
        "名册与固定时的摘要不符，不能确认结果",
        "The roll is not what was frozen: the result cannot be finalised",
    )


class RecountDiffers(DomainError):
    code, kind = "vote-recount-differs", Kind.CONFLICT
    title_zh, title_en = (
        "重新计票与公示的结果不一致，不能确认结果",
        "Counted anew the ballots do not give what was published: the result cannot be finalised",
    )


class VoteNoticeRunning(DomainError):
    """`extra`: the day until which it runs."""

    code, kind = "vote-notice-running", Kind.CONFLICT
    title_zh, title_en = "公示期未满", "The notice has not ended yet"


class VoteObjectionsOpen(DomainError):
    """`extra`: how many."""

    code, kind = "vote-objections-open", Kind.CONFLICT
    title_zh, title_en = "尚有未处理的异议", "Objections are still to be decided"


class VoteObjectionDecided(DomainError):
    code, kind = "vote-objection-decided", Kind.CONFLICT
    title_zh, title_en = "该异议已作出处理", "The objection has been decided already"


class VoteObjectionsMany(DomainError):
    code, kind = "vote-objections-many", Kind.CONFLICT
    title_zh, title_en = (
        "您已有多项异议待处理，请等候答复",
        "Several of your objections wait for a decision already",
    )


class VoteNotOver(DomainError):
    """`extra`: when the last day ends, how many have not voted."""

    code, kind = "vote-not-over", Kind.CONFLICT
    title_zh, title_en = (
        "表决期未满，且并非全体业主均已投票",
        "The last day has not ended, and not everybody has voted",
    )


class VoteSecondPersonNeeded(DomainError):
    code, kind = "vote-second-person-needed", Kind.CONFLICT
    title_zh, title_en = "须由另一人办理", "This is for another person to do"


class BallotsUnconfirmed(DomainError):
    """`extra`: how many."""

    code, kind = "vote-ballots-unconfirmed", Kind.CONFLICT
    title_zh, title_en = "尚有纸质选票未经第二人核对", "Paper ballots still wait for a second person"


class VoteClosed(DomainError):
    code, kind = "vote-closed", Kind.CONFLICT
    title_zh, title_en = "不在表决期内，不能投票", "Ballots are taken only while the vote is open"


class VoteSealed(DomainError):
    code, kind = "vote-sealed", Kind.CONFLICT
    title_zh, title_en = "截止之前不公开选择情况", "Choices are sealed until the vote has closed"


class VoteNotFinal(DomainError):
    code, kind = "vote-not-final", Kind.CONFLICT
    title_zh, title_en = "结果尚未生效", "The result is not final yet"


class BallotInvalid(InputInvalid):
    code, kind = "ballot-invalid", Kind.INVALID
    title_zh, title_en = "选票有误", "The ballot is not valid"


class AssuranceTooLow(DomainError):
    """`extra`: the least that the policy asks for."""

    code, kind = "ballot-assurance-too-low", Kind.CONFLICT
    title_zh, title_en = (
        "身份核验方式未达到该表决的最低要求",
        "Who votes is not proven as well as this vote asks for",
    )


class SeveralOwners(DomainError):
    """`extra`: the ids of the heads among which to choose."""

    code, kind = "ballot-owner-ambiguous", Kind.CONFLICT
    title_zh, title_en = "您代表多个表决人，请指明为哪一个投票", "You stand for several heads: say for which one"


class BallotStands(DomainError):
    code, kind = "ballot-stands", Kind.CONFLICT
    title_zh, title_en = (
        "原业主在产权转移前已投票，该票有效",
        "The former owner had voted before the title changed: that ballot stands",
    )


class BallotDiffers(DomainError):
    code, kind = "ballot-differs", Kind.CONFLICT
    title_zh, title_en = (
        "与第一人录入的选项不一致，请核对原票",
        "This is not what the first person entered: look at the paper",
    )


class BallotNotPending(DomainError):
    code, kind = "ballot-not-pending", Kind.CONFLICT
    title_zh, title_en = "该选票无须核对，或已核对、已作废", "The ballot needs no second person, or not any more"


class BallotSuperseded(DomainError):
    code, kind = "ballot-superseded", Kind.CONFLICT
    title_zh, title_en = "该选票已作废或已被后一张取代", "The ballot is void, or a later one has taken its place"


class BallotUnderReview(DomainError):
    code, kind = "ballot-under-review", Kind.CONFLICT
    title_zh, title_en = (
        "该选票已有更正或作废待第二人核对",
        "That this ballot is put right or made void waits for a second person already",
    )


class BallotOfResident(DomainError):
    code, kind = "ballot-of-resident", Kind.CONFLICT
    title_zh, title_en = (
        "业主本人在手机上投的票只能由本人改投，或作废",
        "What an owner cast by phone is changed by the owner alone; it may be made void",
    )


class BallotsChanging(DomainError):
    code, kind = "ballots-changing", Kind.CONFLICT
    title_zh, title_en = "同一表决人的选票正在变动，请再试", "Ballots of this head are changing; try again"
