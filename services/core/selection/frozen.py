"""From rows to rules and back: frozen candidates, round parameters and results in their stored forms. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from services.core.kit.exact import decimal_text
from services.core.policy.rubric import Rubric
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
    "sentence_zh",
    "sentence_en",
)


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
    """A frozen candidate as the rules take it."""
    return Candidate(
        project_id=str(row["project_id"]),
        no=row["no"],
        title=row["title"],
        partition=row["partition"],
        facts=row["facts"],
        exceptions=frozenset(row["exceptions"]),
        conflicts=tuple(row["conflicts"]),
        carry_over=row["carry_over"],
    )


def copied(run_id: UUID, results: Iterable[Result], sentences: Iterable[tuple[str, str]], *, start: int) -> bytes:
    """The rows of `run_result` from position `start` on, in the text form of COPY and the order of RESULT_COLUMNS."""
    run = str(run_id)
    lines = [
        _line(run, position, result, told)
        for position, (result, told) in enumerate(zip(results, sentences, strict=True), start=start)
    ]
    return "".join(lines).encode()


def _line(run: str, position: int, result: Result, told: tuple[str, str]) -> str:
    scored = result.scored
    candidate = scored.candidate
    dimensions = {
        one.id: points_text(units) for one, units in zip(scored.rubric.dimensions, scored.dimension_units, strict=True)
    }
    fields = (
        run,
        str(position),
        candidate.project_id,
        candidate.no,
        candidate.partition,
        "" if result.rank is None else str(result.rank),
        points_text(scored.total_units),
        result.outcome.value,
        f"{{{','.join(map(str, scored.units))}}}",
        to_json(dimensions).decode(),
        to_json(_reason(result)).decode(),
        *told,
    )
    line = "\t".join(fields)
    if "\\" in line or "\n" in line or "\r" in line or line.count("\t") != len(fields) - 1:
        line = "\t".join(map(_escaped, fields))
    return f"{line}\n"


def _escaped(field: str) -> str:
    """A field as COPY reads it back."""
    return field.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _reason(result: Result) -> dict[str, Any]:
    return {
        "code": result.reason.code,
        "params": result.reason.params,
        "failed_gates": result.failed_gates,
        "excepted_gates": result.excepted_gates,
        "missing": result.missing,
        "conflicts": result.conflicts,
        "carried": result.carried,
    }


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
