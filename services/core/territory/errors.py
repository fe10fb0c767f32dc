"""What can be refused about regions, compounds and reports."""

from services.core.kit.errors import DomainError, Kind


class RegionNameTaken(DomainError):
    code, kind = "region-name-taken", Kind.CONFLICT
    title_zh, title_en = "上级区域下已有同名区域", "A region of this name already stands below the same parent"


class RegionCodeTaken(DomainError):
    code, kind = "region-code-taken", Kind.CONFLICT
    title_zh, title_en = "区划代码已被使用", "The region code is already in use"


class RegionInUse(DomainError):
    code, kind = "region-in-use", Kind.CONFLICT
    title_zh, title_en = (
        "区域内尚有下级区域或小区，不能撤销；请先迁出",
        "Regions or compounds still stand in the region; move them before it is abolished",
    )


class RegionAbolished(DomainError):
    code, kind = "region-abolished", Kind.CONFLICT
    title_zh, title_en = "区域已撤销", "The region was abolished"


class CompoundNoTaken(DomainError):
    code, kind = "compound-no-taken", Kind.CONFLICT
    title_zh, title_en = "小区编号已被使用", "The compound number is already in use"


class CompoundClosed(DomainError):
    code, kind = "compound-closed", Kind.CONFLICT
    title_zh, title_en = (
        "小区已合并或拆分，仅供查阅；请改在其后继小区办理",
        "The compound was merged or split and only kept to be read; turn to what it became",
    )


class CompoundOfProject(DomainError):
    code, kind = "compound-of-project", Kind.CONFLICT
    title_zh, title_en = (
        "小区已列入原区域的改造项目，须先从项目中移出，才能迁到该区域之外",
        "The compound is part of a project of its region; it has to leave the project before it leaves the region",
    )


class LineSettled(DomainError):
    code, kind = "report-line-settled", Kind.CONFLICT
    title_zh, title_en = "该行所指的小区已经确定", "Which compound this line means is settled already"


class TotalSettled(DomainError):
    code, kind = "report-total-settled", Kind.CONFLICT
    title_zh, title_en = "该合计的差异已有说明", "Why this total differs is settled already"


class TotalAgrees(DomainError):
    code, kind = "report-total-agrees", Kind.CONFLICT
    title_zh, title_en = "该合计与分项相符，无需说明", "The parts give this total; there is nothing to settle"


class LineCompoundTaken(DomainError):
    code, kind = "report-line-compound-taken", Kind.CONFLICT
    title_zh, title_en = "该小区已对应同一报表的另一行", "Another line of the same report is this compound's"
