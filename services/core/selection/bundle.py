"""The bundle of a run: policy, round, frozen facts and results, so that anybody can recompute them (`jiugai verify`).

Its `hash` identifies the run: SHA-256 over the canonical JSON of policy, round, candidates and rules version. Numbers are text.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.core.facts.catalogue import CATALOGUE, aggregated_value, text_of
from services.core.kit.exact import decimal_text, digest, parse_fraction
from services.core.policy.schema import Policy, canonical
from services.core.selection.candidates import Candidate, Caps, Result, RoundParameters
from services.core.selection.rules import RULES_VERSION

FORMAT = "jiugai-bundle/1"


def build(
    policy: Policy, parameters: RoundParameters, candidates: Iterable[Candidate], results: Sequence[Result]
) -> dict[str, Any]:
    """The whole bundle as plain data; the same run gives the same, in whatever order candidates come."""
    inputs = _inputs(policy, parameters, candidates)
    found = [result_document(result) for result in results]
    return {"format": FORMAT, **inputs, "results": found, "hash": digest(inputs), "results_digest": digest(found)}


def run_digest(policy: Policy, parameters: RoundParameters, candidates: Iterable[Candidate]) -> str:
    """What identifies a run: SHA-256 over policy, round parameters, frozen facts and rules version."""
    return digest(_inputs(policy, parameters, candidates))


def results_digest(results: Sequence[Result]) -> str:
    """SHA-256 over what a run found."""
    return digest([result_document(result) for result in results])


def parameters_document(parameters: RoundParameters) -> dict[str, Any]:
    """Round parameters as plain data; absent caps are left out."""
    rows = []
    for row in sorted(parameters.caps, key=lambda row: (row.partition is not None, row.partition or "")):
        limits: dict[str, Any] = {"partition": row.partition}
        if row.count is not None:
            limits["count"] = row.count
        if row.budget is not None:
            limits["budget"] = decimal_text(row.budget)
        if row.floor_area is not None:
            limits["floor_area"] = decimal_text(row.floor_area)
        rows.append(limits)
    return {"region": parameters.region, "year": parameters.year, "caps": rows, "reserve": parameters.reserve}


def parameters_from(document: Mapping[str, Any]) -> RoundParameters:
    """Round parameters from what `parameters_document` gave."""
    caps = tuple(
        Caps(
            row.get("partition"),
            row.get("count"),
            parse_fraction(row["budget"]) if "budget" in row else None,
            parse_fraction(row["floor_area"]) if "floor_area" in row else None,
        )
        for row in document["caps"]
    )
    return RoundParameters(document["region"], document["year"], caps, document["reserve"])


def candidate_document(candidate: Candidate) -> dict[str, Any]:
    """A candidate as plain data; facts that are not recorded are left out."""
    return {
        "project_id": candidate.project_id,
        "no": candidate.no,
        "title": candidate.title,
        "partition": candidate.partition,
        "facts": {key: text_of(value) for key, value in candidate.facts.items() if value is not None},
        "exceptions": sorted(candidate.exceptions),
        "conflicts": sorted(set(candidate.conflicts)),
        "carry_over": candidate.carry_over,
    }


def candidate_from(document: Mapping[str, Any]) -> Candidate:
    """A candidate from what `candidate_document` gave; KeyError or ValueInvalid for facts that the catalogue does not know."""
    return Candidate(
        project_id=document["project_id"],
        no=document["no"],
        title=document["title"],
        partition=document["partition"],
        facts={key: aggregated_value(CATALOGUE[key], text) for key, text in document["facts"].items()},
        exceptions=frozenset(document["exceptions"]),
        conflicts=tuple(document["conflicts"]),
        carry_over=document["carry_over"],
    )


def result_document(result: Result) -> dict[str, Any]:
    """What a run found for one project, as plain data. Sentences are left out: they say this again in words."""
    return {
        "project_id": result.project_id,
        "no": result.no,
        "partition": result.partition,
        "rank": result.rank,
        "total": decimal_text(result.total),
        "outcome": result.outcome.value,
        "points": {one.indicator: decimal_text(one.points) for one in result.points},
        "dimensions": {name: decimal_text(points) for name, points in result.dimensions.items()},
        "failed_gates": list(result.failed_gates),
        "excepted_gates": list(result.excepted_gates),
        "missing": list(result.missing),
        "conflicts": list(result.conflicts),
        "carried": result.carried,
    }


def _inputs(policy: Policy, parameters: RoundParameters, candidates: Iterable[Candidate]) -> dict[str, Any]:
    ordered = sorted(candidates, key=lambda one: (one.partition, one.no))
    return {
        "rules_version": RULES_VERSION,
        "policy": canonical(policy),
        "round": parameters_document(parameters),
        "candidates": [candidate_document(one) for one in ordered],
    }
