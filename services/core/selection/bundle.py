"""The bundle of a run: policy, round, frozen facts and results, so that anybody can recompute them (`jiugai verify`).

A line of canonical JSON each (numbers are text), so that a nation's bundle is written and read without being held:

    {"format":"jiugai-bundle/2"}
    {"inputs":{"policy":…,"round":…,"rules_version":…}}
    {"candidate":…}              of every partition, in the order of their ids: its candidates by number,
    {"result":…}                 then its results by rank, then who is not ranked by number
    {"digests":{"hash":…,"results_digest":…}}

`hash` identifies the run: SHA-256 over the second line and the candidates' lines, line ends included. `results_digest` is the same
over the results' lines.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from json.encoder import encode_basestring as _quoted
from typing import Any

from pydantic_core import to_json

from services.core.kit.exact import canonical_json, decimal_text, parse_fraction
from services.core.policy.schema import Policy, canonical
from services.core.selection.candidates import Candidate, Caps, Result, RoundParameters, points_text
from services.core.selection.rules import RULES_VERSION

FORMAT = "jiugai-bundle/2"


class Writer:
    """Writes a bundle partition by partition, and knows its digests so far. The same run gives the same bytes.

    `rules_version`: of the rules that the run was computed by.
    """

    def __init__(self, policy: Policy, parameters: RoundParameters, *, rules_version: int = RULES_VERSION) -> None:
        self._head = _line(
            {
                "inputs": {
                    "policy": canonical(policy),
                    "round": parameters_document(parameters),
                    "rules_version": rules_version,
                }
            }
        )
        self._inputs, self._results = hashlib.sha256(self._head), hashlib.sha256()

    def head(self) -> bytes:
        """The lines before the first partition."""
        return _line({"format": FORMAT}) + self._head

    def candidates(self, candidates: Iterable[Candidate], facts: Iterable[str]) -> bytes:
        """Lines of candidates, given by partition and number; `facts` of each as canonical JSON (`facts_json`)."""
        lines = b"".join(map(_candidate_line, candidates, facts))
        self._inputs.update(lines)
        return lines

    def results(self, documents: Iterable[Mapping[str, Any]]) -> bytes:
        """Lines of results (`result_document`), given in their order."""
        lines = b"".join([_line({"result": one}) for one in documents])
        self._results.update(lines)
        return lines

    @property
    def run_digest(self) -> str:
        """What identifies a run: SHA-256 over policy, round parameters, frozen facts and rules version."""
        return self._inputs.hexdigest()

    @property
    def results_digest(self) -> str:
        """SHA-256 over what a run found."""
        return self._results.hexdigest()

    def end(self) -> bytes:
        """The line after the last partition."""
        return _line({"digests": {"hash": self.run_digest, "results_digest": self.results_digest}})


def build(
    policy: Policy, parameters: RoundParameters, candidates: Iterable[Candidate], results: Iterable[Result]
) -> bytes:
    """The whole bundle; the same run gives the same, in whatever order candidates come. `results` as `rules.run` gives them."""
    writer = Writer(policy, parameters)
    found = {partition: list(group) for partition, group in groupby(results, key=lambda one: one.partition)}
    parts = [writer.head()]
    ordered = sorted(candidates, key=lambda one: (one.partition, one.no))
    for partition, group in groupby(ordered, key=lambda one: one.partition):
        members = list(group)
        parts.append(writer.candidates(members, (facts_json(one.facts) for one in members)))
        parts.append(writer.results([result_document(one) for one in found[partition]]))
    return b"".join([*parts, writer.end()])


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


def candidate_from(document: Mapping[str, Any]) -> Candidate:
    """A candidate from its line."""
    return Candidate(
        project_id=document["project_id"],
        no=document["no"],
        title=document["title"],
        partition=document["partition"],
        facts=document["facts"],
        exceptions=frozenset(document["exceptions"]),
        conflicts=tuple(document["conflicts"]),
        carry_over=document["carry_over"],
    )


def result_document(result: Result) -> dict[str, Any]:
    """What a run found for one project, as plain data. Sentences are left out: they say this again in words."""
    scored = result.scored
    rubric = scored.rubric
    return {
        "project_id": result.project_id,
        "no": result.no,
        "partition": result.partition,
        "rank": result.rank,
        "total": points_text(scored.total_units),
        "outcome": result.outcome.value,
        "points": {one.id: points_text(units) for one, units in zip(rubric.indicators, scored.units, strict=True)},
        "dimensions": {
            one.id: points_text(units) for one, units in zip(rubric.dimensions, scored.dimension_units, strict=True)
        },
        "failed_gates": list(result.failed_gates),
        "excepted_gates": list(result.excepted_gates),
        "missing": list(result.missing),
        "conflicts": list(result.conflicts),
        "carried": result.carried,
    }


def facts_json(facts: Mapping[str, str]) -> str:
    """Facts as canonical JSON: as a freeze keeps them, and as a bundle's line has them."""
    return to_json(dict(sorted(facts.items()))).decode()


def _candidate_line(candidate: Candidate, facts: str) -> bytes:
    """What canonical JSON of a candidate would be, in a tenth of the time."""
    times = candidate.carry_over
    line = (
        f'{{"candidate":{{"carry_over":{"null" if times is None else times}'
        f',"conflicts":{_names(candidate.conflicts)},"exceptions":{_names(candidate.exceptions)},"facts":{facts}'
        f',"no":{_quoted(candidate.no)},"partition":{_quoted(candidate.partition)}'
        f',"project_id":{_quoted(candidate.project_id)}'
    )
    # The title apart, because a long text of one alphabet is written and encoded much sooner than one of two.
    return b'%b,"title":%b}}\n' % (line.encode(), _quoted(candidate.title).encode())


@lru_cache(maxsize=1024)
def _names(names: Collection[str]) -> str:
    return canonical_json(sorted(set(names))).decode()


def _line(document: Mapping[str, Any]) -> bytes:
    return canonical_json(document) + b"\n"
