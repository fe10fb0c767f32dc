"""What can be refused about policies."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class PolicyChangedInPlace(DomainError):
    code, kind = "policy-changed-in-place", Kind.CONFLICT
    title_zh, title_en = (
        "已存版本的政策内容被改动，请使用新的版本号",
        "A stored policy version was changed; give it a new version number",
    )


class PolicyUnknown(InputInvalid):
    code, kind = "policy-unknown", Kind.INVALID
    title_zh, title_en = "没有这个政策或版本", "There is no such policy or version"


class NoPolicyInForce(DomainError):
    code, kind = "no-policy-in-force", Kind.CONFLICT
    title_zh, title_en = (
        "该区域尚未指定政策，请先由市级指定",
        "No policy is in force for this region; the city has to assign one",
    )
