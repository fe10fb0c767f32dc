"""What can be refused about household visits and warranty."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class VisitInputInvalid(InputInvalid):
    code, kind = "visit-input-invalid", Kind.INVALID
    title_zh, title_en = "走访内容有误", "The visit is not valid"


class NotHandedOver(DomainError):
    code, kind = "visit-not-handed-over", Kind.CONFLICT
    title_zh, title_en = (
        "项目尚未移交，改造后走访不能开始",
        "The project has not been handed over: visits after the works cannot begin",
    )


class CampaignExists(DomainError):
    code, kind = "visit-campaign-exists", Kind.CONFLICT
    title_zh, title_en = "本小区就此项目的走访正在进行", "Visits of this compound for this project are under way"


class CampaignClosed(DomainError):
    code, kind = "visit-campaign-closed", Kind.CONFLICT
    title_zh, title_en = "走访已结束", "The visits have ended"


class NoHouseholds(DomainError):
    code, kind = "visit-no-households", Kind.CONFLICT
    title_zh, title_en = "登记簿中没有可走访的住户", "The register has no dwelling to visit"


class CloseReasonNeeded(InputInvalid):
    code, kind = "visit-reason-needed", Kind.INVALID
    title_zh, title_en = (
        "尚有住户未走访即结束，须说明理由",
        "It ends before every household was visited: give a reason",
    )


class CompoundVisited(DomainError):
    code, kind = "compound-visited", Kind.CONFLICT
    title_zh, title_en = (
        "入户走访尚未结束，不能合并或拆分小区",
        "Its households are being visited: it cannot be merged or split",
    )


class WarrantyInputInvalid(InputInvalid):
    code, kind = "warranty-input-invalid", Kind.INVALID
    title_zh, title_en = "保修内容有误", "The warranty is not valid"


class NotAccepted(DomainError):
    code, kind = "warranty-not-accepted", Kind.CONFLICT
    title_zh, title_en = (
        "工程尚未竣工验收，保修期尚未开始",
        "The works have not been accepted: no warranty runs yet",
    )


class TermExists(DomainError):
    code, kind = "warranty-term-exists", Kind.CONFLICT
    title_zh, title_en = "该项工程的保修已登记", "The warranty of this item is on record already"


class WarrantyExpired(DomainError):
    code, kind = "warranty-expired", Kind.CONFLICT
    title_zh, title_en = (
        "保修期已满；可按有偿维修受理（paid）",
        "The warranty has expired; it can be taken as a paid repair (`paid`)",
    )


class TicketExists(DomainError):
    code, kind = "warranty-ticket-exists", Kind.CONFLICT
    title_zh, title_en = "此投诉已就该项转为保修单", "A ticket of this item was made of this complaint already"


class ActionNotPossible(DomainError):
    code, kind = "warranty-action-not-possible", Kind.CONFLICT
    title_zh, title_en = "保修单现在不能这样办理", "This cannot be done with the ticket now"
