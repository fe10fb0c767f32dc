"""From rows to rules and back: frozen candidates, round parameters and results in their stored forms. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from services.core.kit.exact import decimal_text
from services.core.policy.rubric import Rubric
from services.core.policy.schema import Policy
from services.core.selection.bundle import parameters_from
from services.core.selection.candidates import Candidate, Result, RoundParameters, points_text

RESULT_COLUMNS = (
    "run_id",
    "position",
    "project_id",
    "no",
    "partition",
    "rank",
    "total",
    "outcome",
    "units",
    "dimensions",
    "reason",
    "sentence_en",
    "sentence_zh",
)
"""The columns of `run_result` as they are written: the one text of another alphabet is last."""
_MARKS = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
"""What a text of COPY may not hold as it is; the backslash first, because it stands in what the others become."""


def parameters_of(row: Mapping[str, Any]) -> RoundParameters:
    """The parameters of a stored round; its caps are kept in the bundle's form."""
    return parameters_from(
        {
            "region": str(row["region_id"]),
            "year": row["year"],
            "caps": row["caps"],
            "reserve": row["reserve"],
        }
    )


def candidate_of(row: Mapping[str, Any]) -> Candidate:
    """A frozen candidate as the rules take it, from a row of `queries.CANDIDATE_COLUMNS`."""
    return Candidate(
        row["project_id"],
        row["no"],
        row["title"],
        row["partition"],
        from_json(row["facts"]),
        frozenset(_keys(row["exceptions"])),
        _keys(row["conflicts"]),
        row["carry_over"],
    )


@lru_cache(maxsize=1024)
def _keys(text: str) -> tuple[str, ...]:
    return tuple(from_json(text))


class Written:
    """Rows of `run_result` in the text form of COPY and the order of RESULT_COLUMNS."""

    def __init__(self, run_id: UUID, policy: Policy) -> None:
        assert policy.rubric is not None  # noqa: S101 - there is no run without one
        self._run = str(run_id)
        self._units = f"{{{','.join('%d' for _ in policy.rubric.indicators)}}}"
        named = ",".join(f'"{one.id}":"%s"' for one in policy.rubric.dimensions)
        self._dimensions = f"{{{named}}}"

    def rows(self, results: Sequence[Result], sentences: Iterable[tuple[str, str]], *, start: int) -> bytes:
        """The rows from position `start` on."""
        texts: list[tuple[str, ...]] = [
            (one.scored.candidate.no, one.scored.candidate.partition, _reason(one), en, zh)
            for one, (zh, en) in zip(results, sentences, strict=True)
        ]
        # Asked of all at once, since hardly ever one of them has to be escaped.
        if any(mark in column for column in map("".join, zip(*texts, strict=True)) for mark in _MARKS):
            texts = [tuple(map(_escaped, row)) for row in texts]
        return b"".join(map(self._row, count(start), results, texts))

    def _row(self, position: int, result: Result, texts: tuple[str, ...]) -> bytes:
        scored, rank = result.scored, result.rank
        no, partition, reason, en, zh = texts
        line = "\t".join(
            (
                self._run,
                str(position),
                scored.candidate.project_id,
                no,
                partition,
                "" if rank is None else str(rank),
                points_text(scored.total_units),
                result.outcome,
                self._units % scored.units,
                self._dimensions % tuple(map(points_text, scored.dimension_units)),
                reason,
                en,
            )
        )
        # Apart, because a text of one alphabet is joined and encoded much sooner than a longer one of two.
        return b"%b\t%b\n" % (line.encode(), zh.encode())


def _escaped(field: str) -> str:
    """A text as COPY reads it back."""
    for mark, written in _MARKS.items():
        field = field.replace(mark, written)
    return field


def _reason(result: Result) -> str:
    scored, reason = result.scored, result.reason
    beside = _beside(
        scored.failed_gates, scored.excepted_gates, scored.missing, scored.candidate.conflicts, result.carried
    )
    return f'{{"code":"{reason.code}","params":{to_json(reason.params).decode()},{beside}}}'


@lru_cache(maxsize=4096)
def _beside(
    failed_gates: Sequence[str],
    excepted_gates: Sequence[str],
    missing: Sequence[str],
    conflicts: Sequence[str],
    carried: str | None,
) -> str:
    """What a stored reason says beside its code and figures."""
    told = {
        "failed_gates": failed_gates,
        "excepted_gates": excepted_gates,
        "missing": missing,
        "conflicts": sorted(set(conflicts)),
        "carried": carried,
    }
    return to_json(told).decode()[1:-1]


def document_of(row: Mapping[str, Any], rubric: Rubric) -> dict[str, Any]:
    """A stored result in the bundle's form (`bundle.result_document`)."""
    reason = row["reason"]
    return {
        "project_id": str(row["project_id"]),
        "no": row["no"],
        "partition": row["partition"],
        "rank": row["rank"],
        "total": decimal_text(row["total"]),
        "outcome": row["outcome"],
        "points": {one.id: points_text(units) for one, units in zip(rubric.indicators, row["units"], strict=True)},
        "dimensions": row["dimensions"],
        "failed_gates": reason["failed_gates"],
        "excepted_gates": reason["excepted_gates"],
        "missing": reason["missing"],
        "conflicts": reason["conflicts"],
        "carried": reason["carried"],
    }
