"""What can be refused about what the hotline tells everybody."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class BoardInputInvalid(InputInvalid):
    code, kind = "contact-board-input-invalid", Kind.INVALID
    title_zh, title_en = "联系公示牌内容有误", "The contact board is not valid"


class StatisticsTooLong(DomainError):
    """`most`: how many groups an answer holds."""

    code, kind = "complaint-statistics-too-long", Kind.CONFLICT
    title_zh, title_en = "分组过多，请缩小范围", "There are too many groups; narrow it"


class NotPublishable(DomainError):
    """`state`: where it stands."""

    code, kind = "complaint-not-publishable", Kind.CONFLICT
    title_zh, title_en = "诉求当前状态下不能公开", "The complaint cannot be made public as it stands"


class NotPublished(DomainError):
    code, kind = "complaint-not-published", Kind.CONFLICT
    title_zh, title_en = "该诉求没有公开", "The complaint is not public"
