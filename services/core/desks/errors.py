"""What can be refused about organisations, desks and routing rules."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class DeskInputInvalid(InputInvalid):
    code, kind = "desk-input-invalid", Kind.INVALID
    title_zh, title_en = "单位、席位或派单规则的内容有误", "The organisation, desk or routing rule is not valid"


class OrganisationExists(DomainError):
    code, kind = "organisation-exists", Kind.CONFLICT
    title_zh, title_en = (
        "该区域已登记同一统一社会信用代码的单位",
        "An organisation with this credit code is on record there",
    )


class OrganisationInUse(DomainError):
    code, kind = "organisation-in-use", Kind.CONFLICT
    title_zh, title_en = "该单位仍有开放的席位", "The organisation still has open desks"


class OrganisationClosed(DomainError):
    code, kind = "organisation-closed", Kind.CONFLICT
    title_zh, title_en = "该单位已停用", "The organisation is closed"


class DeskClosed(DomainError):
    code, kind = "desk-closed", Kind.CONFLICT
    title_zh, title_en = "该席位已关闭", "The desk is closed"


class DeskInRules(DomainError):
    code, kind = "desk-in-rules", Kind.CONFLICT
    title_zh, title_en = "仍有派单规则指向该席位", "Routing rules still send to this desk"


class DeskManned(DomainError):
    code, kind = "desk-member-exists", Kind.CONFLICT
    title_zh, title_en = "该人员已在此席位值守", "This person is on duty at the desk already"


class MemberLeft(DomainError):
    code, kind = "desk-member-left", Kind.CONFLICT
    title_zh, title_en = "该人员已不在此席位值守", "This person is no longer on duty at the desk"


class DeskWouldBeEmpty(DomainError):
    code, kind = "desk-would-be-empty", Kind.CONFLICT
    title_zh = "最后一名值守人员离开前须写明接替人"
    title_en = "The last one on duty leaves only by handing over to somebody"


class DefaultRuleExists(DomainError):
    code, kind = "default-rule-exists", Kind.CONFLICT
    title_zh, title_en = "该区域已有兜底规则，请修改原规则", "The region has a default rule; change that one"


class RuleEnded(DomainError):
    code, kind = "routing-rule-ended", Kind.CONFLICT
    title_zh, title_en = "该规则已经终止", "The rule has ended already"
