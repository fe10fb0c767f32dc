"""What can be refused about clocks."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class ClockInputInvalid(InputInvalid):
    code, kind = "clock-input-invalid", Kind.INVALID
    title_zh, title_en = "时限事项内容有误", "What was asked of the clock is not valid"


class ClockUnderWay(DomainError):
    code, kind = "clock-under-way", Kind.CONFLICT
    title_zh, title_en = "同一时限正在计时", "A clock of this kind is under way already"


class ClockNotOpen(DomainError):
    code, kind = "clock-not-open", Kind.CONFLICT
    title_zh, title_en = "没有正在计时的该项时限", "No clock of this kind is open"


class ClockNotRunning(DomainError):
    code, kind = "clock-not-running", Kind.CONFLICT
    title_zh, title_en = "时限已暂停，请先恢复计时", "The clock stands still; resume it first"


class ClockNotPaused(DomainError):
    code, kind = "clock-not-paused", Kind.CONFLICT
    title_zh, title_en = "时限未处于暂停状态", "The clock is not paused"


class ClockRanOut(DomainError):
    code, kind = "clock-ran-out", Kind.CONFLICT
    title_zh, title_en = "时限已到期，不能再暂停或延期", "The limit has passed: it can be neither paused nor extended"


class ExtensionPending(DomainError):
    code, kind = "clock-extension-pending", Kind.CONFLICT
    title_zh, title_en = "已有一项延期申请待审批", "An extension was asked for and waits for its decision"


class ExtensionsUsed(DomainError):
    code, kind = "clock-extensions-used", Kind.CONFLICT
    title_zh, title_en = "该时限不能再延期", "The limit cannot be moved any more"


class ExtensionDecided(DomainError):
    code, kind = "clock-extension-decided", Kind.CONFLICT
    title_zh, title_en = "该延期申请已有结论", "This extension was decided already"


class ExtensionOwn(DomainError):
    code, kind = "clock-extension-own", Kind.FORBIDDEN
    title_zh, title_en = "延期须由申请人以外的人审批", "Another person than who asked for the extension decides it"


class UrgedEnough(DomainError):
    code, kind = "clock-urged-enough", Kind.TOO_MANY
    title_zh, title_en = "今日催办次数已满，请明日再试", "It was urged as often as a day allows; try again tomorrow"
