"""Refusals at the mini-program's door."""

from services.core.kit.errors import DomainError, Kind


class CodeWrong(DomainError):
    """Wrong, used, expired, void and never issued read alike."""

    code, kind = "binding-code-wrong", Kind.CONFLICT
    title_zh, title_en = "绑定码不正确、已使用或已过期", "This code is wrong, used or past its time"


class TooManyCodes(DomainError):
    code, kind = "binding-codes-too-many", Kind.TOO_MANY
    title_zh, title_en = "绑定码多次输错，请稍后再试", "Too many wrong codes; try again later"


class FamilyFull(DomainError):
    code, kind = "family-full", Kind.CONFLICT
    title_zh, title_en = "此房屋绑定的家庭成员已达上限", "As many of the family are bound here as may be"


class ConsentMissing(DomainError):
    code, kind = "consent-missing", Kind.CONFLICT
    title_zh = "须先同意相应条款；不同意的，可用绑定码或向社区申请"
    title_en = "This needs your consent first; without it, use a printed code or ask the community"


class ConsentTextOld(DomainError):
    code, kind = "consent-text-old", Kind.CONFLICT
    title_zh, title_en = "条款已更新，请阅读新版本", "There is a newer version of this text; read that one"


class TooManyRequestsOpen(DomainError):
    code, kind = "binding-requests-too-many", Kind.CONFLICT
    title_zh, title_en = "待社区处理的申请过多，请等待答复", "Too many of your requests wait for the community already"


class RequestDecided(DomainError):
    code, kind = "binding-request-decided", Kind.CONFLICT
    title_zh, title_en = "该申请已经办结", "This request has been decided already"


class NotOfThisDoor(DomainError):
    code, kind = "person-not-of-property", Kind.CONFLICT
    title_zh, title_en = (
        "该人员不是此房屋登记的业主或承租人",
        "The register knows this person neither as owner nor as tenant there",
    )


class NothingToPrint(DomainError):
    code, kind = "nobody-to-issue-codes", Kind.CONFLICT
    title_zh = "没有登记业主或承租人的房屋，无法生成绑定码"
    title_en = "No property here has an owner or tenant on record to issue a code for"


class EraseUnconfirmed(DomainError):
    code, kind = "erase-unconfirmed", Kind.CONFLICT
    title_zh, title_en = "注销确认已失效，请重新申请", "This confirmation does not hold any more; ask for erasure again"
