"""What can be refused about panels and judgements."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class PanelInputInvalid(InputInvalid):
    code, kind = "panel-input-invalid", Kind.INVALID
    title_zh, title_en = "评审组设置有误", "The panel is not valid"


class PanelExists(DomainError):
    code, kind = "panel-exists", Kind.CONFLICT
    title_zh, title_en = "本轮次该指标已有评审组", "The round has a panel for this indicator already"


class PanelIncomplete(DomainError):
    code, kind = "panel-incomplete", Kind.CONFLICT
    title_zh, title_en = (
        "评审尚未完成，期限未到，不能关闭",
        "Judgements are still to be given and the day has not ended: the panel cannot be closed yet",
    )


class PanelOpen(DomainError):
    code, kind = "panel-open", Kind.CONFLICT
    title_zh, title_en = "评审组尚未关闭，专家身份保密", "Who the experts are is told after the panel has closed"


class PanelClosed(DomainError):
    code, kind = "panel-closed", Kind.CONFLICT
    title_zh, title_en = "评审组已关闭", "The panel is closed"


class PanelCancelled(DomainError):
    code, kind = "panel-cancelled", Kind.CONFLICT
    title_zh, title_en = "评审组已撤销", "The panel was cancelled"


class PanelDeadlinePassed(DomainError):
    code, kind = "panel-deadline-passed", Kind.CONFLICT
    title_zh, title_en = "评审期限已过", "The day until which to judge has ended"


class ChairIsExpert(DomainError):
    code, kind = "panel-chair-is-expert", Kind.CONFLICT
    title_zh, title_en = (
        "评审专家不能组织或关闭自己所在的评审组",
        "An expert of the panel neither opens nor closes it",
    )


class JudgementWithdrawn(DomainError):
    code, kind = "judgement-withdrawn", Kind.CONFLICT
    title_zh, title_en = "您已就该项目声明利益冲突", "You declared a conflict of interest for this project"


class JudgementNotFlagged(DomainError):
    code, kind = "judgement-not-flagged", Kind.CONFLICT
    title_zh, title_en = (
        "复核阶段只能确认或重评被标记的评分，且只能一次",
        "While scores are looked at again only a flagged one is confirmed or changed, once",
    )
