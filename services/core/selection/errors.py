"""What can be refused about rounds, freezes, runs and publications."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class RoundInputInvalid(InputInvalid):
    code, kind = "round-input-invalid", Kind.INVALID
    title_zh, title_en = "比选轮次内容有误", "The round is not valid"


class PolicyNotInForce(DomainError):
    code, kind = "round-policy-not-in-force", Kind.CONFLICT
    title_zh, title_en = (
        "该地现行的是另一政策；按其他政策开展比选须由有权指定政策的上级办理",
        "Another policy is in force there; only who may assign policies opens a round under a different one",
    )


class RoundNotDraft(DomainError):
    code, kind = "round-not-draft", Kind.CONFLICT
    title_zh, title_en = "轮次已冻结，不能再修改", "The round is frozen and can no longer be changed"


class RoundPublished(DomainError):
    code, kind = "round-published", Kind.CONFLICT
    title_zh, title_en = "轮次已公布", "The round is already published"


class NotFrozen(DomainError):
    code, kind = "round-not-frozen", Kind.CONFLICT
    title_zh, title_en = "轮次尚未冻结", "The round is not frozen yet"


class RunNotDone(DomainError):
    code, kind = "run-not-done", Kind.CONFLICT
    title_zh, title_en = "计算尚未完成", "The run is not finished"


class RunOutdated(DomainError):
    code, kind = "run-outdated", Kind.CONFLICT
    title_zh, title_en = (
        "此次计算所用的数据已被新的冻结取代",
        "The run is of an older freeze than the newest one",
    )


class NoticeUndefined(DomainError):
    code, kind = "ranking-notice-undefined", Kind.CONFLICT
    title_zh, title_en = (
        "政策未规定排名公示期限",
        "The policy does not say how long a ranking is on notice",
    )


class NotPublished(DomainError):
    code, kind = "round-not-published", Kind.CONFLICT
    title_zh, title_en = "轮次尚未公布", "The round is not published yet"


class RoundReopened(DomainError):
    code, kind = "round-reopened", Kind.CONFLICT
    title_zh, title_en = (
        "异议成立或经退回，须重新冻结并计算",
        "An objection was upheld or a bureau returned the round: freeze and run it anew",
    )


class RoundConfirmed(DomainError):
    code, kind = "round-confirmed", Kind.CONFLICT
    title_zh, title_en = "轮次已确认为年度计划", "The round is confirmed as the annual plan"


class ObjectionInputInvalid(InputInvalid):
    code, kind = "objection-input-invalid", Kind.INVALID
    title_zh, title_en = "异议内容有误", "The objection is not valid"


class ObjectionsOpen(DomainError):
    code, kind = "objections-open", Kind.CONFLICT
    title_zh, title_en = "公示期内的异议尚未全部处理", "Objections made during the notice are not decided yet"


class ObjectionAlreadyDecided(DomainError):
    code, kind = "objection-decided", Kind.CONFLICT
    title_zh, title_en = "异议已处理", "The objection is already decided"


class SecondPersonNeeded(DomainError):
    code, kind = "second-person-needed", Kind.CONFLICT
    title_zh, title_en = "须由另一人办理", "Another person has to do this"


class RunOfOtherRules(DomainError):
    code, kind = "run-of-other-rules", Kind.CONFLICT
    title_zh, title_en = (
        "该次计算所依规则的版本与现行不同，不能据以推算",
        "The run was computed under another version of the rules than today's",
    )


class PrintTooLong(InputInvalid):
    code, kind = "print-too-long", Kind.INVALID
    title_zh, title_en = "项目过多，请按分区打印", "There are too many projects; print one partition at a time"


class PartitionTooLarge(DomainError):
    code, kind = "partition-too-large", Kind.CONFLICT
    title_zh, title_en = (
        "该分区的项目过多，不能即时推算",
        "The partition has too many projects to compute this while you wait",
    )


class ApplicationsOpen(DomainError):
    code, kind = "applications-open", Kind.CONFLICT
    title_zh, title_en = "申报截止日尚未届满，不能公布结果", "Applications are still open; nothing can be published yet"


class NoticeNotEnded(DomainError):
    code, kind = "notice-not-ended", Kind.CONFLICT
    title_zh, title_en = "公示期尚未届满", "The notice has not ended yet"


class ApprovalInputInvalid(InputInvalid):
    code, kind = "approval-input-invalid", Kind.INVALID
    title_zh, title_en = "审核意见有误", "The approval is not valid"


class BureauAnswered(DomainError):
    code, kind = "bureau-answered", Kind.CONFLICT
    title_zh, title_en = "该部门已就本次公布出具意见", "This bureau has answered this publication already"


class BureauNotYours(DomainError):
    code, kind = "bureau-not-yours", Kind.FORBIDDEN
    title_zh, title_en = "您未被指定代表该部门出具意见", "You do not answer for this bureau"


class RunNotPublished(DomainError):
    code, kind = "run-not-published", Kind.CONFLICT
    title_zh, title_en = "只有已公布且未被取代的结果才能确认", "Only the run that stands published can be confirmed"


class ConfirmationInputInvalid(InputInvalid):
    code, kind = "confirmation-input-invalid", Kind.INVALID
    title_zh, title_en = "确认内容有误", "The confirmation is not valid"


class PlanNotReady(DomainError):
    code, kind = "plan-not-ready", Kind.CONFLICT
    title_zh, title_en = "尚不具备确认为年度计划的条件", "The round cannot be confirmed as the annual plan yet"


class PlanChanged(DomainError):
    code, kind = "plan-changed", Kind.CONFLICT
    title_zh, title_en = (
        "同一年度计划中的项目刚被另行办理，请刷新后再试",
        "Somebody else has just changed a project of this year's plan; read it again, then try again",
    )


class PlanInputInvalid(InputInvalid):
    code, kind = "plan-input-invalid", Kind.INVALID
    title_zh, title_en = "计划调整内容有误", "The adjustment is not valid"


class NotInPlan(DomainError):
    code, kind = "project-not-in-plan", Kind.CONFLICT
    title_zh, title_en = "项目不在年度计划的实施清单中", "The project is not among those that the plan implements"


class CapsExceeded(DomainError):
    code, kind = "caps-exceeded", Kind.CONFLICT
    title_zh, title_en = "超出本轮次的总量控制", "This exceeds the caps of the round"


class RoundNotConfirmed(DomainError):
    code, kind = "round-not-confirmed", Kind.CONFLICT
    title_zh, title_en = "轮次尚未确认为年度计划", "The round is not confirmed as the annual plan yet"


class SupplementInputInvalid(InputInvalid):
    code, kind = "supplement-input-invalid", Kind.INVALID
    title_zh, title_en = "增补内容有误", "The supplement is not valid"


class SupplementOpen(DomainError):
    code, kind = "supplement-open", Kind.CONFLICT
    title_zh, title_en = (
        "该项目已有待公示或公示中的增补",
        "A supplement for this project is already proposed or on notice",
    )


class SupplementAlreadyDecided(DomainError):
    code, kind = "supplement-decided", Kind.CONFLICT
    title_zh, title_en = "增补已确认或已撤回", "The supplement is already confirmed, withdrawn or cancelled"


class SupplementNotPublished(DomainError):
    code, kind = "supplement-not-published", Kind.CONFLICT
    title_zh, title_en = "增补尚未公示", "The supplement is not on notice yet"


class SupplementOnNotice(DomainError):
    code, kind = "supplement-on-notice", Kind.CONFLICT
    title_zh, title_en = "增补正在公示", "The supplement is on notice"


class SupplementNotReady(DomainError):
    code, kind = "supplement-not-ready", Kind.CONFLICT
    title_zh, title_en = "增补尚不具备列入年度计划的条件", "The supplement cannot enter the annual plan yet"


class NobodyEnters(DomainError):
    code, kind = "supplement-nobody-enters", Kind.CONFLICT
    title_zh, title_en = (
        "项目已终止，目前没有可增补的储备项目",
        "The project is stopped already, and no reserve passes now",
    )
