"""What can be refused about facts."""

from services.core.kit.errors import DomainError, Kind


class SourceCounts(DomainError):
    code, kind = "fact-source-counts", Kind.CONFLICT
    title_zh, title_en = (
        "该来源的数据由系统统计得出，不能由人代为填报",
        "This source's figure is counted by the system; nobody may state it in its name",
    )


class SourceOfAnother(DomainError):
    code, kind = "fact-source-of-another", Kind.CONFLICT
    title_zh, title_en = (
        "该来源的现有数据由他人填报；请由原填报人或有权裁定的上级更正，或以自己的来源填报",
        "Somebody else recorded this source's figure: they, or who may decide between sources, correct it; or name your own source",
    )


class SourceAttested(DomainError):
    code, kind = "fact-source-attested", Kind.CONFLICT
    title_zh, title_en = (
        "该来源已有正式填报的数据，不能以合成数据取代",
        "This source has attested a figure; a synthetic one cannot take its place",
    )


class DiscrepancyNotOpen(DomainError):
    code, kind = "discrepancy-not-open", Kind.CONFLICT
    title_zh, title_en = (
        "该项数据目前没有待裁定的冲突",
        "The sources of this fact do not differ, or the matter is decided",
    )


class FactNotContending(DomainError):
    code, kind = "fact-not-contending", Kind.INVALID
    title_zh, title_en = (
        "所选数据不在冲突各方之中，或已被新数据取代",
        "The chosen figure is none of those that differ, or a newer one has taken its place",
    )


class FactsChanging(DomainError):
    code, kind = "facts-changing", Kind.UNAVAILABLE
    title_zh, title_en = (
        "同一数据正被多方同时填报，请稍后再试",
        "Many are stating the same facts at once; try again in a moment",
    )
