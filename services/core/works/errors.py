"""What can be refused about a site."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class SiteInputInvalid(InputInvalid):
    code, kind = "site-input-invalid", Kind.INVALID
    title_zh, title_en = "施工现场信息有误", "What was said of the site is not valid"


class SiteExists(DomainError):
    code, kind = "site-exists", Kind.CONFLICT
    title_zh, title_en = "该项目已建立施工现场档案", "The project has a site already"


class SiteTooEarly(DomainError):
    code, kind = "site-too-early", Kind.CONFLICT
    title_zh, title_en = (
        "项目列入年度计划后方可建立施工现场档案",
        "A site is opened once the project is in an annual plan",
    )


class SiteStateWrong(DomainError):
    code, kind = "site-state-wrong", Kind.CONFLICT
    title_zh, title_en = "施工现场当前状态不能办理此事", "This cannot be done in the site's present state"


class PartyTaken(DomainError):
    code, kind = "site-party-taken", Kind.CONFLICT
    title_zh, title_en = (
        "该单位已以此身份参建，或此身份已有单位，请先办理退场",
        "The organisation is there in this role already, or another one holds it; that one leaves first",
    )


class OrganisationLeft(DomainError):
    code, kind = "site-organisation-left", Kind.CONFLICT
    title_zh, title_en = "该单位已退场", "The organisation has left the site"


class PersonPosted(DomainError):
    code, kind = "site-person-posted", Kind.CONFLICT
    title_zh, title_en = "该人员已在此单位到岗", "This person acts for the organisation on this site already"


class PersonLeft(DomainError):
    code, kind = "site-person-left", Kind.CONFLICT
    title_zh, title_en = "该人员已离岗", "This person has left the site"


class CommitmentExists(DomainError):
    code, kind = "commitment-exists", Kind.CONFLICT
    title_zh, title_en = (
        "此签字已有记录；有误的，先撤回再补签",
        "This signature is on record; withdraw it first where it is wrong",
    )


class CommitmentWithdrawn(DomainError):
    code, kind = "commitment-withdrawn", Kind.CONFLICT
    title_zh, title_en = "该承诺书已撤回", "This commitment was withdrawn already"


class StartNotMet(DomainError):
    code, kind = "site-start-not-met", Kind.CONFLICT
    title_zh, title_en = "开工条件尚未满足", "What a start needs is not all there"
