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


class ReviewInputInvalid(InputInvalid):
    code, kind = "review-input-invalid", Kind.INVALID
    title_zh, title_en = "联合审查内容有误", "What was said of the joint review is not valid"


class ReviewNotOpen(DomainError):
    code, kind = "review-not-open", Kind.CONFLICT
    title_zh, title_en = "该轮联合审查已结束", "This round of the joint review has ended"


class ReviewNotAnswered(DomainError):
    """`waiting`: the desks whose time has not passed."""

    code, kind = "review-not-answered", Kind.CONFLICT
    title_zh, title_en = "仍有部门在时限内未答复", "Departments that still have time have not answered"


class ReviewNotYours(DomainError):
    code, kind = "review-not-on-duty", Kind.CONFLICT
    title_zh, title_en = (
        "您不在该部门席位值守；代为录入的，须附书面意见文号",
        "You are not on duty at that desk; what is entered for it needs its document",
    )


class SiteSecondPersonNeeded(DomainError):
    code, kind = "site-second-person-needed", Kind.CONFLICT
    title_zh, title_en = "须由申请人以外的人决定", "Another person than who asked decides"


class StartExceptionExists(DomainError):
    code, kind = "start-exception-exists", Kind.CONFLICT
    title_zh, title_en = "该条件的例外已申请或已同意", "An exception from this was asked for or agreed already"


class StartExceptionDecided(DomainError):
    code, kind = "start-exception-decided", Kind.CONFLICT
    title_zh, title_en = "该例外已有结论", "This exception was decided already"


class StartWithoutException(DomainError):
    code, kind = "start-without-exception", Kind.CONFLICT
    title_zh, title_en = "现行政策不允许此条件例外", "By the policy nothing is excepted from this"


class ScheduleInvalid(InputInvalid):
    code, kind = "schedule-invalid", Kind.INVALID
    title_zh, title_en = "进度安排内容有误", "What was planned is not valid"


class AreaExists(DomainError):
    code, kind = "site-area-exists", Kind.CONFLICT
    title_zh, title_en = "现场已有同名部位", "The site has an area of this name"


class ScheduleInBlackout(DomainError):
    """`blackouts`: which."""

    code, kind = "site-rests", Kind.CONFLICT
    title_zh, title_en = "开始或结束日期在停工时段内", "The plan begins or ends on a day on which sites rest"


class BlackoutLifted(DomainError):
    code, kind = "blackout-lifted", Kind.CONFLICT
    title_zh, title_en = "该停工时段已撤销", "This was lifted already"


class UtilityStateWrong(DomainError):
    code, kind = "utility-state-wrong", Kind.CONFLICT
    title_zh, title_en = "该专营单位事项当前状态不能办理此事", "This cannot be done in the task's present state"


class MaterialInvalid(InputInvalid):
    code, kind = "material-invalid", Kind.INVALID
    title_zh, title_en = "材料信息有误", "What was said of the material is not valid"


class MaterialExists(DomainError):
    code, kind = "material-exists", Kind.CONFLICT
    title_zh, title_en = "现场已登记同名同规格的材料", "The site has a material of this name and specification"


class RecordWithdrawn(DomainError):
    code, kind = "material-record-withdrawn", Kind.CONFLICT
    title_zh, title_en = "该记录已撤回", "This record was withdrawn already"


class BatchExists(DomainError):
    code, kind = "material-batch-exists", Kind.CONFLICT
    title_zh, title_en = "该材料已登记同一批号", "The material has a batch of this number"


class BatchDecided(DomainError):
    code, kind = "material-batch-decided", Kind.CONFLICT
    title_zh, title_en = "该批次已有结论", "This batch was decided on already"


class BoardTakenDown(DomainError):
    code, kind = "method-board-taken-down", Kind.CONFLICT
    title_zh, title_en = "该工艺展板已撤下", "This board was taken down already"


class NoticeInvalid(InputInvalid):
    code, kind = "site-notice-invalid", Kind.INVALID
    title_zh, title_en = "公告或异议内容有误", "What was said of the notice or the objection is not valid"


class NoticeWithdrawn(DomainError):
    code, kind = "site-notice-withdrawn", Kind.CONFLICT
    title_zh, title_en = "该公告已撤回", "This notice was withdrawn already"


class ObjectionAnswered(DomainError):
    code, kind = "site-objection-answered", Kind.CONFLICT
    title_zh, title_en = "该异议已答复", "This objection was answered already"
