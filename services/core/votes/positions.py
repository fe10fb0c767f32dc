"""What the co-owners of one head say, and what counts of it. Pure; the statement that casts does the same in SQL.

A co-owner's last ballot is his position; the head counts while all positions are the same (semantics.md *Votes*).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

Positions = Mapping[str, Mapping[str, Any]]
"""By co-owner: {id: of the line that says it, n: its place in the ledger of this head, choices}."""


def taken(positions: Positions, caster: str, *, ballot: str, n: int, choices: Sequence[str]) -> dict[str, Any]:
    """The positions once a line of a co-owner counts; a later line of the same co-owner stays."""
    held = positions.get(caster)
    if held is not None and held["n"] > n:
        return dict(positions)
    return {**positions, caster: {"id": ballot, "n": n, "choices": list(choices)}}


def yielded(positions: Positions, *, unnamed: str, people: Collection[str]) -> dict[str, Any]:
    """The positions without a paper that named nobody (`unnamed`), once every one of the co-owners has spoken for himself since."""
    paper = positions.get(unnamed)
    if paper is None or not people or any(one not in positions or positions[one]["n"] < paper["n"] for one in people):
        return dict(positions)
    return without(positions, paper["id"])


def without(positions: Positions, ballot: str) -> dict[str, Any]:
    """The positions without what a line says."""
    return {one: said for one, said in positions.items() if said["id"] != ballot}


def merged(positions: Positions, into: Mapping[str, str]) -> dict[str, Any]:
    """The positions where entries of the register turned out to be one person: of what he said under each, the last."""
    kept: dict[str, Any] = {}
    for one, said in sorted(positions.items(), key=lambda item: item[1]["n"]):
        kept[into.get(one, one)] = said
    return kept


def standing(positions: Positions) -> list[str] | None:
    """What the head counts with: what everybody who spoke agrees on, None while they contradict each other or nobody spoke."""
    said = [list(one["choices"]) for one in positions.values()]
    return said[0] if said and all(one == said[0] for one in said) else None
