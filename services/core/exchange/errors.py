"""What can be refused about imports and exports."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class ImportOver(DomainError):
    code, kind = "import-over", Kind.CONFLICT
    title_zh, title_en = "导入已经结束", "The import is over"


class UploadInvalid(InputInvalid):
    code, kind = "upload-invalid", Kind.INVALID
    title_zh, title_en = "上传的内容有误", "The upload is not valid"
