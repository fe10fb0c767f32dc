"""Refusals with a stable code. A domain says what is wrong; how it travels (RFC 9457) is the API's matter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar


class Kind(StrEnum):
    """What sort of refusal it is; the API maps each to one HTTP status."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    STALE = "stale"
    PRECONDITION_MISSING = "precondition_missing"
    TOO_LARGE = "too_large"
    UNSUPPORTED_TYPE = "unsupported_type"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    MALFORMED = "malformed"
    METHOD = "method"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong place in the input, as a JSON Pointer (RFC 6901), told in both languages. Never holds the input itself."""

    pointer: str
    zh: str
    en: str


class DomainError(Exception):
    """Base of every refusal. Subclasses give `code`, `kind` and titles; `zh`/`en` say what was wrong this time.

    `extra` travels as members of the problem document and must hold no personal data.
    """

    code: ClassVar[str] = "internal"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "请求未能完成"
    title_en: ClassVar[str] = "The request could not be completed"

    def __init__(
        self,
        *,
        zh: str | None = None,
        en: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(self.code)
        self.zh = zh
        self.en = en
        self.errors = tuple(errors)
        self.headers = headers or {}
        self.extra = extra


class NotFound(DomainError):
    code, kind = "not-found", Kind.NOT_FOUND
    title_zh, title_en = "没有找到，或不在您的管辖范围内", "Not found, or outside what you may see"


class InputInvalid(DomainError):
    code, kind = "input-invalid", Kind.INVALID
    title_zh, title_en = "提交的内容有误", "The input is not valid"

    @classmethod
    def at(cls, pointer: str, *, zh: str, en: str) -> "InputInvalid":
        """One wrong place, named."""
        return cls(errors=[FieldError(pointer, zh, en)])


class NotAllowed(DomainError):
    code, kind = "not-allowed", Kind.FORBIDDEN
    title_zh, title_en = "您没有办理此事的权限", "You may not do this"


class VersionStale(DomainError):
    code, kind = "version-stale", Kind.STALE
    title_zh, title_en = "内容已被他人修改，请刷新后再试", "The record has changed since you read it"


class VersionMissing(DomainError):
    code, kind = "version-missing", Kind.PRECONDITION_MISSING
    title_zh, title_en = "修改时须带 If-Match", "Send If-Match with the version that you read"


class CursorInvalid(DomainError):
    code, kind = "cursor-invalid", Kind.INVALID
    title_zh, title_en = "翻页标记无效，请从第一页重新开始", "The cursor is not valid; start again from the first page"


def catalogue() -> Iterator[type[DomainError]]:
    """Every refusal that loaded code can raise, by code; two classes never share a code."""
    seen: dict[str, type[DomainError]] = {}
    stack = list(DomainError.__subclasses__())
    while stack:
        error = stack.pop()
        stack.extend(error.__subclasses__())
        if seen.setdefault(error.code, error) is not error:
            raise RuntimeError(f"two errors share the code {error.code}")
    yield from (seen[code] for code in sorted(seen))
