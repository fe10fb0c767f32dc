"""What can be refused about rating, calling back, taking up again and supervising."""

from services.core.kit.errors import DomainError, Kind


class RatedAlready(DomainError):
    code, kind = "complaint-rated-already", Kind.CONFLICT
    title_zh, title_en = "本次答复已评价过", "This answer was rated already"


class NotAnsweredYet(DomainError):
    code, kind = "complaint-not-answered-yet", Kind.CONFLICT
    title_zh, title_en = "尚未答复，不能评价", "It has not been answered: there is nothing to rate"


class ReopenUndefined(DomainError):
    code, kind = "complaint-reopen-undefined", Kind.CONFLICT
    title_zh, title_en = (
        "受理时的政策未规定重新办理，可另提诉求",
        "The policy that it came in under lets nobody take it up again; make a new one",
    )


class ReopenTooLate(DomainError):
    """`until`: the last day on which it could have been."""

    code, kind = "complaint-reopen-too-late", Kind.CONFLICT
    title_zh, title_en = "已超过可申请重新办理的期限", "It is too late to have it taken up again"


class ReopenedEnough(DomainError):
    """`times`: how often the policy allows."""

    code, kind = "complaint-reopened-enough", Kind.CONFLICT
    title_zh, title_en = (
        "重新办理的次数已用完",
        "It was taken up again as often as the policy allows",
    )


class CallBackNotDue(DomainError):
    code, kind = "call-back-not-due", Kind.CONFLICT
    title_zh, title_en = "没有待办的回访", "No call-back is due"


class CallBackByHandler(DomainError):
    code, kind = "call-back-by-handler", Kind.CONFLICT
    title_zh, title_en = (
        "答复人不得自行回访",
        "Whoever answered it does not ask whether the answer was good",
    )


class SupervisionSettled(DomainError):
    code, kind = "supervision-settled", Kind.CONFLICT
    title_zh, title_en = "督办已办结", "It was settled already"


class HoldExists(DomainError):
    code, kind = "complaint-hold-exists", Kind.CONFLICT
    title_zh, title_en = "已设置保全", "It is held already"


class NoHold(DomainError):
    code, kind = "complaint-not-held", Kind.CONFLICT
    title_zh, title_en = "未设置保全", "It is not held"


class HoldByYou(DomainError):
    code, kind = "complaint-hold-by-you", Kind.CONFLICT
    title_zh, title_en = "保全须由另一人解除", "Another person lifts a hold than placed it"


class ContactChangeUnderWay(DomainError):
    code, kind = "contact-change-under-way", Kind.CONFLICT
    title_zh, title_en = "已有联系方式变更待核实", "Another change of the number waits to be made sure of"


class NoContactChange(DomainError):
    code, kind = "contact-change-none", Kind.CONFLICT
    title_zh, title_en = "没有待核实的联系方式变更", "No change of the number waits to be made sure of"


class ContactChangeByYou(DomainError):
    code, kind = "contact-change-by-you", Kind.CONFLICT
    title_zh, title_en = "登记人不得自行核实", "Another person makes sure than wrote it down"
