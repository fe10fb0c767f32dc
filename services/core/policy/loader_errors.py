"""What is wrong with a policy file, each fault with its place: file, line and column, and path of keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.core.kit.errors import DomainError, FieldError, Kind


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Line and column count from 1; `pointer` is a path of keys (RFC 6901); the texts never repeat what was written."""

    file: str
    line: int
    column: int
    pointer: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column} {self.pointer or '/'}: {self.en} ({self.zh})"


MOST_TOLD = 200
"""Most faults that an answer lists; `total` says how many there are."""


class PolicyMalformed(DomainError):
    """A policy that does not have the form; `faults` lists every place."""

    code, kind = "policy-malformed", Kind.INVALID
    title_zh, title_en = "政策文件不符合规定的格式", "The policy does not have the form of a policy"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(
            errors=[
                FieldError(
                    fault.pointer,
                    f"第 {fault.line} 行第 {fault.column} 列：{fault.zh}",
                    f"line {fault.line}, column {fault.column}: {fault.en}",
                )
                for fault in faults[:MOST_TOLD]
            ],
            total=len(faults),
        )
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)
