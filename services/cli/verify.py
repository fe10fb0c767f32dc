"""Recomputes a selection run from its bundle. Shares no code with the engine, so that neither hides an error of the other."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache, partial
from itertools import compress, groupby, zip_longest
from typing import Any

Data = dict[str, Any]
VOTES = {"menu": "vote.menu.passed", "renovation_plan": "vote.plan.passed"}
_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
CAPS = {"budget": "project.budget", "floor_area": "compound.floor_area"}


def verify(bundle: Iterable[bytes]) -> Iterator[str]:
    """Every difference between what a bundle says and what follows from its inputs, a partition at a time; none when they agree."""
    lines = iter(bundle)
    first, head = json.loads(next(lines, b"")), next(lines, b"")
    policy, settings, version = (json.loads(head)["inputs"][key] for key in ("policy", "round", "rules_version"))
    if (first, version) != ({"format": "jiugai-bundle/2"}, 1):
        yield "this verifier knows the format jiugai-bundle/2 under rules version 1 only"
        return
    sums = {"hash": hashlib.sha256(head), "results_digest": hashlib.sha256()}
    expected, end, seen, last = list[Data](), Data(), list[Any](), ""
    for one in [one for dimension in policy["rubric"]["dimensions"] for one in dimension["indicators"]]:
        one["earns"] = lru_cache(maxsize=100_000)(partial(_earned, one))
    for kind, group in groupby(lines, key=lambda line: line[2:8]):
        told, misplaced = list(group), bool(end) or (bool(expected) and kind != b"result")
        if kind == b"result":
            sums["results_digest"].update(b"".join(told))
            yield from _differences(told, expected)
            expected = []
        elif kind == b"candid":
            sums["hash"].update(b"".join(told))
            candidates = [json.loads(line)["candidate"] for line in told]
            misplaced |= candidates[0]["partition"] <= last or len({one["partition"] for one in candidates}) > 1
            last, expected = candidates[0]["partition"], list(_recomputed(policy, settings, candidates))
            seen += [one[key] for one in candidates for key in ("no", "project_id")]
        else:
            end, misplaced = json.loads(told[0])["digests"], misplaced or len(told) > 1
        if misplaced:
            yield "each partition comes once, in order, its results after its candidates; the digests come last"
    if min(len(set(seen[0::2])), len(set(seen[1::2]))) * 2 != len(seen):
        yield "a candidate comes twice"
    for name in [name for name in sums if end.get(name) != sums[name].hexdigest()]:
        yield f"{name} is not the SHA-256 of what it stands for"


def _differences(told: list[bytes], expected: list[Data]) -> Iterator[str]:
    for line, own in zip_longest(told, expected, fillvalue=None):
        if line != (_json({"result": own}) + "\n").encode():
            said, due = json.loads(line or b"{}").get("result", {}), own or {}
            for key in [key for key in said | due if _json(said.get(key, 0.1)) != _json(due.get(key, 0.1))]:
                yield f"{due.get('no')}: {key} is {said.get(key)!r}, recomputed {due.get(key)!r}"


def _recomputed(policy: Data, settings: Data, candidates: list[Data]) -> Iterator[Data]:
    rule = policy["selection"].get("carry_over") or {"kind": None, "rounds": 0}
    stops = policy["selection"]["over_cap"] == "stop"
    caps: dict[Any, Data] = {row["partition"]: row for row in settings["caps"]}
    members = [_scored(policy, rule, one) for one in sorted(candidates, key=lambda one: str(one["no"]))]
    limits = caps.get(members[0]["partition"]) or caps.get(None) or {}
    ranked = _ordered(policy, rule, [one for one in members if not one["failed_gates"] and not one["conflicts"]])
    if rule["kind"] == "tier":
        carried = [one for one in ranked if one["carried"]]
        first = {one["no"] for one in compress(carried, _fits(carried, limits, rule["share"], stops=stops))}
        for one in members:
            one["carried"] = "tier" if one["no"] in first else None
        ranked.sort(key=lambda one: one["carried"] is None)
    waiting = 0
    for rank, fits in enumerate(_fits(ranked, limits, 1, stops=stops), start=1):
        waiting += not fits
        other = "reserve" if waiting <= settings["reserve"] else "later"
        ranked[rank - 1] |= {"rank": rank, "outcome": "in" if fits else other}
    for one in ranked + [one for one in members if one["rank"] is None]:
        yield {key: value for key, value in one.items() if key not in ("facts", "compared", "sum")}


def _scored(policy: Data, rule: Data, candidate: Data) -> Data:
    facts, points, sums, missing = candidate["facts"], dict[str, int](), dict[str, int](), set[str]()
    for dimension in policy["rubric"]["dimensions"]:
        earned = {one["id"]: one["earns"](facts.get(one["fact"])) for one in dimension["indicators"]}
        missing |= {one["fact"] for one in dimension["indicators"]} - facts.keys()
        points, sums["score." + dimension["id"]] = points | earned, sum(earned.values())
    asked = [gate for gate in policy["gates"] if gate["gates"] not in ("works", "acceptance")]
    unmet = [gate for gate in asked if not _holds(gate, facts.get(VOTES.get(gate.get("vote")) or gate["fact"]))]
    excepted = [gate["id"] for gate in unmet if not gate["hard"] and gate["id"] in candidate["exceptions"]]
    failed = [gate["id"] for gate in unmet if gate["id"] not in excepted]
    preferred = candidate["carry_over"] is not None and candidate["carry_over"] < rule["rounds"]
    bonus = int(Fraction(rule["points"]) * 10_000) if preferred and rule["kind"] == "bonus" else 0
    one: Data = {key: candidate[key] for key in ("project_id", "no", "partition", "facts", "conflicts")}
    one |= {"points": {name: _text(units) for name, units in points.items()}, "rank": None, "outcome": "not_ranked"}
    one |= {"dimensions": {name[6:]: _text(units) for name, units in sums.items()}, "missing": sorted(missing)}
    one |= {"failed_gates": failed, "excepted_gates": excepted, "carried": rule["kind"] if preferred else None}
    one |= {"sum": sum(sums.values()) + bonus, "compared": sums | {"project.no": candidate["no"]}}
    return one | {"total": _text(one["sum"])}


def _earned(indicator: Data, text: str | None) -> int:
    curve, points, value = indicator["curve"], Fraction(0 if text is None else indicator["points"]), _value(text or "0")
    if curve["kind"] == "linear":
        low, high = Fraction(curve["from"]), Fraction(curve["to"])
        points *= max(0, min(1, (value - low) / (high - low)))
    elif curve["kind"] == "bands" and text is not None:
        points = Fraction(next((band["points"] for band in curve["bands"] if _holds(band, text)), curve["else"]))
    else:
        points = min(points, value * Fraction(curve.get("each", points)))
    return int((20_000 * points + 1) // 2)


def _holds(rule: Data, text: str | None) -> bool:
    value, low, high = _value(text), rule.get("at_least"), rule.get("at_most")
    if value is None or (low is None and high is None):
        return value is rule.get("is", True)
    return bool(value >= _value(str(low)) if high is None else value <= _value(high))


def _ordered(policy: Data, rule: Data, members: list[Data]) -> list[Data]:
    """Sorted by the least important criterion first: every later sort is stable and keeps what was decided before it."""
    ranked = sorted(members, key=lambda one: str(one["no"]))
    for tie in reversed(policy["rubric"]["tie_break"]):
        values = {one["no"]: one["compared"].get(tie["fact"], _value(one["facts"].get(tie["fact"]))) for one in ranked}
        ranked.sort(key=lambda one: values[one["no"]] or 0, reverse=tie["order"] == "desc")
        ranked.sort(key=lambda one: values[one["no"]] is None)
    ranked.sort(key=lambda one: rule["kind"] == "tie_break" and one["carried"] is None)
    ranked.sort(key=lambda one: -int(one["sum"]))
    for condition in reversed(policy["priority"]):
        ranked.sort(key=lambda one: not _holds(condition, one["facts"].get(condition["fact"])))
    return ranked


def _fits(ranked: list[Data], limits: Data, share: Any, *, stops: bool) -> Iterator[bool]:
    left: Data = {cap: Fraction(limits[cap]) * Fraction(share) for cap in ("count", *CAPS) if cap in limits}
    for one in ranked:
        asks: Data = {"count": 1} | {cap: _value(one["facts"].get(fact)) for cap, fact in CAPS.items()}
        yield (fits := all(asks[cap] is not None and asks[cap] <= left[cap] for cap in left))
        left = {cap: left[cap] - asks[cap] if fits else left[cap] if not stops else -1 for cap in left}


@lru_cache(maxsize=200_000)
def _value(text: str | None) -> Any:
    return {"true": True, "false": False, None: None}[text] if text in ("true", "false", None) else Fraction(text)


@lru_cache(maxsize=200_000)
def _text(units: int) -> str:
    return f"{units // 10_000}.{units % 10_000:04d}".rstrip("0").rstrip(".")
