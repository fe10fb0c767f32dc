"""What can be refused about consultations, lift requests and meetings."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class ConsultationInputInvalid(InputInvalid):
    code, kind = "consultation-input-invalid", Kind.INVALID
    title_zh, title_en = "征询内容有误", "The consultation is not valid"


class ConsultationUndefined(DomainError):
    code, kind = "consultation-undefined", Kind.CONFLICT
    title_zh, title_en = "现行政策未规定此项征询", "The policy in force sets no consultation of this kind"


class ConsultationExists(DomainError):
    code, kind = "consultation-exists", Kind.CONFLICT
    title_zh, title_en = "同一事项的征询正在进行", "A consultation about this matter is under way"


class ConsultationClosed(DomainError):
    code, kind = "consultation-closed", Kind.CONFLICT
    title_zh, title_en = "征询已结束", "The consultation has ended"


class NoDoors(DomainError):
    code, kind = "consultation-no-doors", Kind.CONFLICT
    title_zh, title_en = "登记簿中没有可征询的户", "The register has no door to ask at"


class NobodyLeft(DomainError):
    code, kind = "consultation-nobody-left", Kind.CONFLICT
    title_zh, title_en = "各户均已同意，无需下一轮", "Every door agrees: there is nobody left to ask"


class RoundsExhausted(DomainError):
    code, kind = "consultation-rounds-exhausted", Kind.CONFLICT
    title_zh, title_en = "政策规定的各轮均已进行", "Every round that the policy sets has begun"


class ReasonNeeded(InputInvalid):
    code, kind = "consultation-reason-needed", Kind.INVALID
    title_zh, title_en = "尚未达到要求即结束征询，须说明理由", "It ends before it is through: give a reason"


class PropertyNotYours(InputInvalid):
    code, kind = "property-not-yours", Kind.INVALID
    title_zh, title_en = (
        "您未绑定此房屋，不能代为表达意见",
        "You are not bound to this property and cannot speak for it",
    )


class OwnerNeeded(DomainError):
    code, kind = "lift-owner-needed", Kind.FORBIDDEN
    title_zh, title_en = "加装电梯由业主签字", "Owners sign for a lift"


class DoorAnswered(DomainError):
    code, kind = "consultation-door-answered", Kind.CONFLICT
    title_zh, title_en = (
        "此户已由他人表达意见，承租人不能更改",
        "Somebody else has answered for this door; a tenant cannot change that",
    )


class TooManyDoors(InputInvalid):
    code, kind = "consultation-too-many-doors", Kind.INVALID
    title_zh, title_en = "户数过多，请按楼栋打印", "There are too many doors; print one building at a time"


class CompoundConsulted(DomainError):
    code, kind = "compound-consulted", Kind.CONFLICT
    title_zh, title_en = (
        "小区的征询（或加装电梯申请）尚未结束，不能合并或拆分",
        "Residents of the compound are being consulted, or wait to be: it cannot be merged or split",
    )


class LiftRequested(DomainError):
    code, kind = "lift-requested", Kind.CONFLICT
    title_zh, title_en = "本单元已有加装电梯申请", "A lift has been asked for in this entrance"


class LiftStarted(DomainError):
    code, kind = "lift-started", Kind.CONFLICT
    title_zh, title_en = "本单元的征询已启动", "The consultation of this entrance has begun"


class ObjectionSettled(DomainError):
    code, kind = "lift-objection-settled", Kind.CONFLICT
    title_zh, title_en = "该异议已解决", "The objection is settled"


class MeetingInputInvalid(InputInvalid):
    code, kind = "meeting-input-invalid", Kind.INVALID
    title_zh, title_en = "会议记录有误", "The record of the meeting is not valid"


class MeetingPublished(DomainError):
    code, kind = "meeting-published", Kind.CONFLICT
    title_zh, title_en = "会议记录已公开，不能修改", "The record is published and changes no more"


class FollowUpDone(DomainError):
    code, kind = "follow-up-done", Kind.CONFLICT
    title_zh, title_en = "该事项已办结", "It is done already"
