"""What can be refused about complaints."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class ComplaintInputInvalid(InputInvalid):
    code, kind = "complaint-input-invalid", Kind.INVALID
    title_zh, title_en = "诉求内容有误", "The complaint is not valid"


class CategoryUnknown(InputInvalid):
    code, kind = "complaint-category-unknown", Kind.INVALID
    title_zh, title_en = "没有这一诉求类别", "There is no such category"


class CategoryExists(DomainError):
    code, kind = "complaint-category-exists", Kind.CONFLICT
    title_zh, title_en = "该类别代码已存在", "A category has this code already"


class AnonymousRefused(DomainError):
    code, kind = "complaint-anonymous-refused", Kind.CONFLICT
    title_zh, title_en = (
        "此类诉求不接受匿名，请登录或留下联系方式",
        "This category takes no anonymous complaints: sign in, or leave a way to reach you",
    )


class TransferDiffers(DomainError):
    code, kind = "complaint-transfer-differs", Kind.CONFLICT
    title_zh, title_en = (
        "同一工单号已转来，内容不同",
        "This reference was transferred before with other content",
    )


class ActNotAllowed(DomainError):
    """`state`: where it stands; `allowed`: what may be done."""

    code, kind = "complaint-act-not-allowed", Kind.CONFLICT
    title_zh, title_en = "诉求当前状态下不能这样办理", "This cannot be done with the complaint as it stands"


class ListTooLong(DomainError):
    """`most`: how many rows a file holds."""

    code, kind = "complaint-list-too-long", Kind.CONFLICT
    title_zh, title_en = "清单过长，请缩小范围", "The list is too long; narrow it"


class ExtensionNotAsked(DomainError):
    code, kind = "complaint-extension-not-asked", Kind.CONFLICT
    title_zh, title_en = "没有待批准的延期申请", "No extension waits to be decided"


class FindingDiffers(DomainError):
    code, kind = "complaint-finding-differs", Kind.CONFLICT
    title_zh, title_en = (
        "该次走访的这一条发现已按其他内容转为诉求",
        "This finding of the visit became a complaint in other words",
    )
