"""What can be refused about files."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class FileRefused(InputInvalid):
    """It is not what it may be: see the place's detail."""

    code, kind = "file-refused", Kind.INVALID
    title_zh, title_en = "文件不能接收", "The file cannot be taken"


class FileQuotaUsedUp(DomainError):
    """Counted over the last 24 hours. `Retry-After` says when an hour has passed, not when it will do."""

    code, kind = "file-quota-used-up", Kind.TOO_MANY
    title_zh, title_en = "24 小时内上传的文件过多，请稍后再传", "Too many files sent within 24 hours; send it later"


class ProjectSpaceUsedUp(DomainError):
    code, kind = "project-space-used-up", Kind.CONFLICT
    title_zh, title_en = "该项目的文件空间已用完", "The space for this project's files is used up"


class UploadMoved(DomainError):
    """Another request was faster, or the sender has forgotten what arrived. HEAD says where the upload stands."""

    code, kind = "upload-moved", Kind.CONFLICT
    title_zh, title_en = "上传进度与服务器不一致，请先查询进度", "The upload stands elsewhere; ask where"


class UploadTooLong(DomainError):
    code, kind = "upload-too-long", Kind.TOO_LARGE
    title_zh, title_en = "内容超出所报的长度或允许的大小", "There are more bytes than announced, or than are taken"


class UploadTooFine(DomainError):
    """So many pieces that they are not worth putting together."""

    code, kind = "upload-too-fine", Kind.CONFLICT
    title_zh, title_en = "分块过细，请加大分块重新上传", "It comes in too small pieces; begin anew with larger ones"


class FileNotReady(DomainError):
    """The worker has not made it yet; it takes a second or two."""

    code, kind = "file-not-ready", Kind.CONFLICT
    title_zh, title_en = "图片正在处理，请稍候", "The picture is being prepared; ask again in a moment"


class CheckPending(DomainError):
    code, kind = "content-check-pending", Kind.CONFLICT
    title_zh, title_en = (
        "机器审核尚未结束，暂不能人工处理",
        "The machine has not answered yet; it is not a person's turn",
    )
