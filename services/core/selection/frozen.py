"""From rows to rules and back: frozen candidates, round parameters and results in their stored forms. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.core.facts.catalogue import CATALOGUE, aggregated_value
from services.core.kit.exact import decimal_text
from services.core.selection.bundle import parameters_from
from services.core.selection.candidates import Candidate, Result, RoundParameters


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
    """A frozen candidate as the rules take it: exact values, keys of facts in conflict, ids of excepted gates."""
    return Candidate(
        project_id=str(row["project_id"]),
        no=row["no"],
        title=row["title"],
        partition=row["partition"],
        facts={
            key: aggregated_value(CATALOGUE[key], fact["value"])
            for key, fact in row["facts"].items()
            if fact["value"] is not None
        },
        exceptions=frozenset(row["exceptions"]),
        conflicts=tuple(sorted({conflict["key"] for conflict in row["conflicts"]})),
    )


def records_of(
    run_id: UUID, results: Iterable[Result], sentences: Sequence[tuple[str, str]]
) -> list[tuple[object, ...]]:
    """The rows of `run_result`, in the order of its columns for COPY."""
    return [
        (
            run_id,
            position,
            UUID(result.project_id),
            result.no,
            result.partition,
            result.rank,
            result.total,
            result.outcome.value,
            json.dumps(_points(result), ensure_ascii=False),
            json.dumps(_reason(result), ensure_ascii=False),
            *told,
        )
        for position, (result, told) in enumerate(zip(results, sentences, strict=True), start=1)
    ]


RESULT_COLUMNS = (
    "run_id",
    "position",
    "project_id",
    "no",
    "partition",
    "rank",
    "total",
    "outcome",
    "points",
    "reason",
    "sentence_zh",
    "sentence_en",
)


def _points(result: Result) -> dict[str, Any]:
    return {
        "indicators": [
            {
                "indicator": one.indicator,
                "fact": one.fact,
                "value": one.value,
                "points": decimal_text(one.points),
                "share": decimal_text(one.share),
            }
            for one in result.points
        ],
        "dimensions": {name: decimal_text(points) for name, points in result.dimensions.items()},
    }


def _reason(result: Result) -> dict[str, Any]:
    return {
        "code": result.reason.code,
        "params": dict(result.reason.params),
        "failed_gates": list(result.failed_gates),
        "excepted_gates": list(result.excepted_gates),
        "missing": list(result.missing),
        "conflicts": list(result.conflicts),
        "carried": result.carried,
    }


def document_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A stored result in the bundle's form (`bundle.result_document`)."""
    points, reason = row["points"], row["reason"]
    return {
        "project_id": str(row["project_id"]),
        "no": row["no"],
        "partition": row["partition"],
        "rank": row["rank"],
        "total": decimal_text(row["total"]),
        "outcome": row["outcome"],
        "points": {one["indicator"]: one["points"] for one in points["indicators"]},
        "dimensions": points["dimensions"],
        "failed_gates": reason["failed_gates"],
        "excepted_gates": reason["excepted_gates"],
        "missing": reason["missing"],
        "conflicts": reason["conflicts"],
        "carried": reason["carried"],
    }
