"""`jiugai verify BUNDLE.json`: recomputes a selection run from its bundle and tells every difference.

It shares no code with the engine, so that neither hides an error of the other. Exact: points are whole ten-thousandths.
"""

import hashlib
import json
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import compress, groupby
from pathlib import Path
from typing import Any

Data = dict[str, Any]
VOTES = {"menu": "vote.menu.passed", "renovation_plan": "vote.plan.passed"}
_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
CAPS = {"budget": "project.budget", "floor_area": "compound.floor_area"}


def verify(bundle: Data) -> list[str]:
    """Every difference between what the bundle says and what follows from its own inputs; empty when they agree."""
    if (bundle["format"], bundle["rules_version"]) != ("jiugai-bundle/1", 1):
        return ["this verifier knows the format jiugai-bundle/1 under rules version 1 only"]
    told, candidates = bundle["results"], bundle["candidates"]
    inputs = {key: bundle[key] for key in ("policy", "round", "candidates", "rules_version")}
    digests = {"hash": _json(inputs), "results_digest": _json(told)}
    false = [name for name, text in digests.items() if bundle[name] != hashlib.sha256(text.encode()).hexdigest()]
    wrong = [f"{name} is not the SHA-256 of what it stands for" for name in false]
    if min(len({one[key] for one in candidates}) for key in ("no", "project_id")) != len(candidates):
        wrong.append("a candidate comes twice")
    expected = list(_recomputed(bundle["policy"], bundle["round"], candidates))
    if [one["project_id"] for one in told] != [one["project_id"] for one in expected]:
        return [*wrong, "the results are not those of the candidates, in order of partition and rank"]
    for said, own in (pair for pair in zip(told, expected, strict=True) if _json(pair[0]) != _json(pair[1])):
        keys = [key for key in said | own if key not in said or key not in own or _json(said[key]) != _json(own[key])]
        wrong += [f"{own['no']}: {key} is {said.get(key)!r}, recomputed {own.get(key)!r}" for key in sorted(keys)]
    return wrong


def main(bundle: Path) -> None:
    """Recomputes a run from its bundle; exits with 1 when anything differs or the file is no bundle."""
    try:
        differences = verify(json.loads(bundle.read_text("utf-8")))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise SystemExit(f"{bundle}: no bundle that can be read ({type(error).__name__})") from error
    print("\n".join(differences) or "OK: hash, points, totals, ranks and outcomes agree")
    raise SystemExit(1 if differences else 0)


def _recomputed(policy: Data, settings: Data, candidates: list[Data]) -> Iterator[Data]:
    rule = policy["selection"].get("carry_over") or {"kind": None, "rounds": 0}
    stops = policy["selection"]["over_cap"] == "stop"
    caps: dict[Any, Data] = {row["partition"]: row for row in settings["caps"]}
    memory: dict[Any, int] = {}
    ordered = sorted(candidates, key=lambda one: (one["partition"], one["no"]))
    for partition, group in groupby(ordered, key=lambda one: one["partition"]):
        members = [_scored(policy, rule, one, memory) for one in group]
        limits = caps.get(partition) or caps.get(None) or {}
        ranked = _ordered(policy, rule, [one for one in members if not one["failed_gates"] and not one["conflicts"]])
        if rule["kind"] == "tier":
            carried = [one for one in ranked if one["carried"]]
            first = {one["no"] for one in compress(carried, _fits(carried, limits, rule["share"], stops))}
            for one in members:
                one["carried"] = "tier" if one["no"] in first else None
            ranked.sort(key=lambda one: one["carried"] is None)
        waiting = 0
        for rank, fits in enumerate(_fits(ranked, limits, 1, stops), start=1):
            waiting += not fits
            outcome = "in" if fits else "reserve" if waiting <= settings["reserve"] else "later"
            ranked[rank - 1] |= {"rank": rank, "outcome": outcome}
        for one in ranked + [one for one in members if one["rank"] is None]:
            yield {key: value for key, value in one.items() if key not in ("facts", "compared", "sum")}


def _scored(policy: Data, rule: Data, candidate: Data, memory: dict[Any, int]) -> Data:
    facts, points, sums, missing = candidate["facts"], dict[str, int](), dict[str, int](), set[str]()
    for dimension in policy["rubric"]["dimensions"]:
        for indicator in dimension["indicators"]:
            key = (indicator["id"], facts.get(indicator["fact"]))
            if key not in memory:
                exact = 0 if key[1] is None else _points(indicator, _value(key[1])) * 10_000
                memory[key] = int((2 * exact + 1) // 2)
            points[indicator["id"]] = memory[key]
            missing |= {indicator["fact"]} if key[1] is None else set()
        sums["score." + dimension["id"]] = sum(points[indicator["id"]] for indicator in dimension["indicators"])
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


def _points(indicator: Data, value: Any) -> Any:
    curve, most = indicator["curve"], Fraction(indicator["points"])
    if curve["kind"] in ("flag", "count"):
        return min(most, value * Fraction(curve.get("each", most)))
    if curve["kind"] == "linear":
        low, high = Fraction(curve["from"]), Fraction(curve["to"])
        return most * max(0, min(1, (value - low) / (high - low)))
    return Fraction(next((band["points"] for band in curve["bands"] if _holds(band, str(value))), curve["else"]))


def _holds(rule: Data, text: str | None) -> bool:
    value, low, high = _value(text), rule.get("at_least"), rule.get("at_most")
    if value is None or (low is None and high is None):
        return value is rule.get("is", True)
    return bool(value >= Fraction(str(low)) if high is None else value <= Fraction(high))


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


def _fits(ranked: list[Data], limits: Data, share: Any, stops: bool) -> list[bool]:
    left: Data = {cap: Fraction(limits[cap]) * Fraction(share) for cap in ("count", *CAPS) if cap in limits}
    fitting: list[bool] = []
    for one in ranked:
        asks: Data = {"count": 1} | {cap: _value(one["facts"].get(fact)) for cap, fact in CAPS.items()}
        fits = all(asks[cap] is not None and asks[cap] <= left[cap] for cap in left)
        left = {cap: left[cap] - asks[cap] if fits else left[cap] if not stops else -1 for cap in left}
        fitting.append(fits)
    return fitting


@cache
def _value(text: str | None) -> Any:
    return {"true": True, "false": False, None: None}[text] if text in ("true", "false", None) else Fraction(text)


def _text(units: int) -> str:
    return f"{units // 10_000}.{units % 10_000:04d}".rstrip("0").rstrip(".")
