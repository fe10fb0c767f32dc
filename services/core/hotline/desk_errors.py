"""What can be refused about handling by desks."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class AssignmentInputInvalid(InputInvalid):
    code, kind = "assignment-input-invalid", Kind.INVALID
    title_zh, title_en = "派单内容有误", "The assignment is not valid"


class AssignmentNotLive(DomainError):
    """`state`: where it stands."""

    code, kind = "assignment-not-live", Kind.CONFLICT
    title_zh, title_en = "该派单当前状态下不能这样办理", "This cannot be done with the assignment as it stands"


class AssignmentBinding(DomainError):
    code, kind = "assignment-binding", Kind.CONFLICT
    title_zh, title_en = "经裁定派单，不得再退", "The arbiter sent it: it is not sent back again"


class RefusedTooLate(DomainError):
    code, kind = "assignment-refused-too-late", Kind.CONFLICT
    title_zh, title_en = "已过退单时限", "The time for sending it back has passed"


class ArbiterDecides(DomainError):
    """`refusals`: how often it was sent back."""

    code, kind = "arbiter-decides", Kind.CONFLICT
    title_zh, title_en = "多次退单，须由裁定人决定", "It was sent back too often: the arbiter decides where it goes"


class ArbiterInvolved(DomainError):
    code, kind = "arbiter-involved", Kind.CONFLICT
    title_zh, title_en = "退单席位的人员不得裁定", "Nobody of the desk that sent it back decides about it"


class NotOnDuty(DomainError):
    code, kind = "desk-not-on-duty", Kind.CONFLICT
    title_zh, title_en = "您不在承办席位值守", "You are not on duty at the desk that has it"


class DeskHasCases(DomainError):
    """`cases`: how many."""

    code, kind = "desk-has-cases", Kind.CONFLICT
    title_zh, title_en = "该席位还有未办结的诉求", "The desk still has cases"
