"""What can be refused about policies."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class PolicyChangedInPlace(DomainError):
    code, kind = "policy-changed-in-place", Kind.CONFLICT
    title_zh, title_en = (
        "已存版本的政策内容被改动，请使用新的版本号",
        "A stored policy version was changed; give it a new version number",
    )


class PolicyReserved(InputInvalid):
    code, kind = "policy-id-reserved", Kind.INVALID
    title_zh, title_en = (
        "不带下划线的政策 id 留给随软件发布的政策",
        "Ids without an underscore are for the policies that ship with the software",
    )


class PolicyNumberPassed(InputInvalid):
    code, kind = "policy-number-passed", Kind.INVALID
    title_zh, title_en = (
        "版本号须大于已存的各版本",
        "The version has to be higher than every stored one",
    )


class PolicyOfAnotherRegion(DomainError):
    code, kind = "policy-of-another-region", Kind.FORBIDDEN
    title_zh, title_en = (
        "该 id 的政策由其他地区制定，请另取 id",
        "Another region made the policy of this id; take an id of your own",
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
