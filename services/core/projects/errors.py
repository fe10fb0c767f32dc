"""What can be refused about projects."""

from services.core.kit.errors import DomainError, InputInvalid, Kind


class ProjectNoTaken(DomainError):
    code, kind = "project-no-taken", Kind.CONFLICT
    title_zh, title_en = "项目编号已被使用", "The project number is already in use"


class ProjectInputInvalid(InputInvalid):
    code, kind = "project-input-invalid", Kind.INVALID
    title_zh, title_en = "项目内容有误", "The project is not valid"


class PlanInvalid(InputInvalid):
    code, kind = "plan-invalid", Kind.INVALID
    title_zh, title_en = "方案内容有误", "The plan is not valid"


class StageWrong(DomainError):
    code, kind = "project-stage-wrong", Kind.CONFLICT
    title_zh, title_en = "项目当前阶段不能办理此事", "This cannot be done in the project's present stage"


class GateNotMet(DomainError):
    code, kind = "project-gate-not-met", Kind.CONFLICT
    title_zh, title_en = "办理此事的条件尚未满足", "The conditions of this step are not met"


class ApplicantNotThere(InputInvalid):
    code, kind = "applicant-not-there", Kind.INVALID
    title_zh, title_en = "记录显示没有该申报主体", "By what is recorded there is no such applicant"


class ApplicantOutOfTurn(InputInvalid):
    code, kind = "applicant-out-of-turn", Kind.INVALID
    title_zh, title_en = (
        "应由在先的申报主体申报；改由他人申报须说明理由",
        "An applicant whose turn comes first exists; give a reason for another one",
    )


class PlannedAlready(DomainError):
    code, kind = "project-planned-already", Kind.CONFLICT
    title_zh, title_en = (
        "项目已列入年度计划，终止须经增补程序（两人办理）",
        "The project is in an annual plan: it is dropped by a supplement, by two people",
    )


class PlanNotInForce(InputInvalid):
    code, kind = "plan-not-in-force", Kind.INVALID
    title_zh, title_en = "所指方案不是现行方案", "That plan version is not the one in force"


class CompoundApplied(DomainError):
    code, kind = "compound-already-applied", Kind.CONFLICT
    title_zh, title_en = "小区已在另一申报项目中", "A compound already belongs to another project under way"


class CompoundUnderWay(DomainError):
    code, kind = "compound-under-way", Kind.CONFLICT
    title_zh, title_en = (
        "小区属于已申报且尚未移交的项目，不能合并或拆分",
        "The compound belongs to a project that has applied and is not handed over; it cannot be merged or split",
    )


class RollupTooLarge(InputInvalid):
    code, kind = "rollup-too-large", Kind.INVALID
    title_zh, title_en = "汇总范围过大", "That is too much for one table"


class GateHard(DomainError):
    code, kind = "gate-hard", Kind.CONFLICT
    title_zh, title_en = "硬性条件不得例外", "A hard gate knows no exception"


class GateExceptionExists(DomainError):
    code, kind = "gate-exception-exists", Kind.CONFLICT
    title_zh, title_en = "该条件已记录例外", "An exception to this gate is already recorded"
