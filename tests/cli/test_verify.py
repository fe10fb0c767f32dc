"""`jiugai verify` agrees with the engine on every round, and sees every number that was changed."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from services.cli import verify
from services.core.kit.exact import canonical_json, digest
from services.core.policy.schema import Policy
from services.core.selection.bundle import build
from services.core.selection.candidates import Candidate, RoundParameters
from services.core.selection.rules import RULES_VERSION, run
from tests.support.rounds import candidate, many_candidates, parameters, policies, policy


def bundle_of(chosen: Policy, limits: RoundParameters, given_: list[Candidate]) -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads(canonical_json(build(chosen, limits, given_, run(chosen, limits, given_))))
    return bundle


def sample() -> dict[str, Any]:
    given_ = [
        candidate("1"),
        candidate("2", facilities__basic__defect_share="1/3", survey__join__agree_of_all_share="0.5",
                  exceptions=frozenset({"willing"})),
        candidate("3", partition="B", vote__plan__passed="false"),
        candidate("4", partition="B", compound__hazards=None, conflicts=("compound.households",)),
    ]  # fmt: skip
    return bundle_of(policy(), RoundParameters("330200", 2027), given_)


@given(policies(), parameters(), many_candidates())
def test_it_agrees_with_the_engine(chosen: Policy, limits: RoundParameters, given_: list[Candidate]) -> None:
    assert verify.verify(bundle_of(chosen, limits, given_)) == []


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every leaf of plain data."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, key))
    else:
        yield path


def changed(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return not value
    return value + 1 if isinstance(value, int) else value + "1"


def test_it_sees_every_leaf_that_was_changed(tmp_path: Path) -> None:
    file = tmp_path / "bundle.json"
    paths = list(places(sample()))
    assert len(paths) > 150
    for path in paths:
        bundle = sample()
        at: Any = bundle
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = changed(at[path[-1]])
        file.write_bytes(canonical_json(bundle))
        with pytest.raises(SystemExit) as ended:
            verify.main(file)
        assert ended.value.code, path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("results", 0, "total"), "99"),
        (("results", 0, "points", "basic"), "30"),
        (("results", 0, "dimensions", "need"), "60"),
        (("results", 0, "rank"), 2),
        (("results", 0, "rank"), True),
        (("results", 0, "outcome"), "later"),
        (("results", 0, "missing"), ["compound.hazards"]),
        (("results", 0, "carried"), "tier"),
        (("results", 1, "excepted_gates"), []),
        (("results", 2, "failed_gates"), []),
        (("results", 3, "conflicts"), []),
        (("results", 0, "note"), "added"),
        (("results", 0, "empty_note"), None),
    ],
)
def test_a_changed_result_is_seen_even_under_a_new_digest(path: tuple[Any, ...], value: Any) -> None:
    bundle = sample()
    at: Any = bundle
    for key in path[:-1]:
        at = at[key]
    assert path[-1] not in at or at[path[-1]] is not value
    at[path[-1]] = value
    bundle["results_digest"] = digest(bundle["results"])
    assert any(path[2] in difference for difference in verify.verify(bundle))


@pytest.mark.parametrize("change", ["drop", "swap", "double"])
def test_results_dropped_swapped_or_doubled_are_seen(change: str) -> None:
    bundle = sample()
    results = bundle["results"]
    if change == "drop":
        results.pop()
    elif change == "swap":
        results[0], results[1] = results[1], results[0]
    else:
        results.append(copy.deepcopy(results[0]))
    bundle["results_digest"] = digest(results)
    assert verify.verify(bundle)


@pytest.mark.parametrize("key", ["facilities.basic.defect_share", "compound.hazards"])
def test_a_changed_fact_is_seen_even_under_a_new_hash(key: str) -> None:
    bundle = sample()
    bundle["candidates"][1]["facts"][key] = "0"
    bundle["hash"] = digest({name: bundle[name] for name in ("policy", "round", "candidates", "rules_version")})
    assert any("total" in difference for difference in verify.verify(bundle))


def test_a_candidate_twice_is_seen() -> None:
    bundle = sample()
    bundle["candidates"].append(copy.deepcopy(bundle["candidates"][0]))
    assert "a candidate comes twice" in verify.verify(bundle)


def test_other_rules_are_refused_not_guessed() -> None:
    assert verify.verify(sample() | {"rules_version": RULES_VERSION + 1})
    assert verify.verify(sample() | {"format": "other"})


def test_the_command_says_ok_or_every_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bundle.json"
    file.write_bytes(canonical_json(sample()))
    with pytest.raises(SystemExit) as ended:
        verify.main(file)
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("OK")

    bundle = sample()
    bundle["results"][0]["total"] = "100"
    file.write_bytes(canonical_json(bundle))
    with pytest.raises(SystemExit) as ended:
        verify.main(file)
    assert ended.value.code == 1
    assert "1: total is '100', recomputed '59.5'" in capsys.readouterr().out

    file.write_text('{"format": "jiugai-bundle/1"}')
    with pytest.raises(SystemExit) as ended:
        verify.main(file)
    assert "no bundle that can be read" in str(ended.value.code)


def test_it_stays_small_and_alone() -> None:
    source = Path(verify.__file__).read_text()
    assert len(source.splitlines()) < 150
    assert "services" not in [
        line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))
    ]
