"""What can be refused to Open311's clients."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class ApiKeyRefused(DomainError):
    code, kind = "api-key-refused", Kind.FORBIDDEN
    title_zh, title_en = "api_key 缺失、无效或已吊销", "The api_key is missing, unknown or revoked"


class ServiceUnknown(DomainError):
    code, kind = "open311-service-unknown", Kind.NOT_FOUND
    title_zh, title_en = "没有这个 service_code", "There is no such service_code"


class JurisdictionUnknown(DomainError):
    code, kind = "open311-jurisdiction-unknown", Kind.NOT_FOUND
    title_zh, title_en = (
        "没有这个 jurisdiction_id，或不在该密钥的范围内",
        "There is no such jurisdiction_id, or it is not open to this api_key",
    )


class RequestUnknown(DomainError):
    code, kind = "open311-request-unknown", Kind.NOT_FOUND
    title_zh, title_en = "没有这个 service_request_id", "There is no such service_request_id"


class RequestInputInvalid(InputInvalid):
    code, kind = "open311-input-invalid", Kind.INVALID
    title_zh, title_en = "请求参数有误", "The parameters are not valid"
