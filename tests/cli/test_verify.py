"""`jiugai verify` agrees with the engine on every round, and sees every number that was changed."""

import copy
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from services.cli.verify import verify
from services.cli.verifying import main
from services.core.kit.exact import canonical_json
from services.core.policy.schema import Policy
from services.core.selection.bundle import build
from services.core.selection.candidates import Candidate, RoundParameters
from services.core.selection.rules import RULES_VERSION, run
from tests.support.rounds import candidate, many_candidates, parameters, policies, policy

Lines = list[dict[str, Any]]


def bundle_of(chosen: Policy, limits: RoundParameters, given_: list[Candidate]) -> Lines:
    return [json.loads(line) for line in build(chosen, limits, given_, run(chosen, limits, given_)).splitlines()]


def written(lines: Lines, *, digested: bool = False) -> list[bytes]:
    """The lines as they are in a file; with digests of what they hold now if so wished."""
    out = [canonical_json(line) + b"\n" for line in lines]
    if digested:
        sums = {"hash": hashlib.sha256(out[1]), "results_digest": hashlib.sha256()}
        for line in out[2:-1]:
            sums["results_digest" if b'{"result":' in line else "hash"].update(line)
        out[-1] = canonical_json({"digests": {name: one.hexdigest() for name, one in sums.items()}}) + b"\n"
    return out


def differences(lines: Lines, *, digested: bool = False) -> list[str]:
    return list(verify(written(lines, digested=digested)))


def of_kind(lines: Lines, kind: str) -> list[dict[str, Any]]:
    return [line[kind] for line in lines if kind in line]


def sample() -> Lines:
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
    assert differences(bundle_of(chosen, limits, given_)) == []


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
    file = tmp_path / "bundle.ndjson"
    paths = list(places(sample()))
    assert len(paths) > 150
    for path in paths:
        bundle = sample()
        at: Any = bundle
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = changed(at[path[-1]])
        file.write_bytes(b"".join(written(bundle)))
        with pytest.raises(SystemExit) as ended:
            main(file)
        assert ended.value.code, path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((0, "total"), "99"),
        ((0, "points", "basic"), "30"),
        ((0, "dimensions", "need"), "60"),
        ((0, "rank"), 2),
        ((0, "rank"), True),
        ((0, "outcome"), "later"),
        ((0, "missing"), ["compound.hazards"]),
        ((0, "carried"), "tier"),
        ((1, "excepted_gates"), []),
        ((2, "failed_gates"), []),
        ((3, "conflicts"), []),
        ((0, "note"), "added"),
        ((0, "empty_note"), None),
    ],
)
def test_a_changed_result_is_seen_even_under_a_new_digest(path: tuple[Any, ...], value: Any) -> None:
    bundle = sample()
    at: Any = of_kind(bundle, "result")
    for key in path[:-1]:
        at = at[key]
    assert path[-1] not in at or at[path[-1]] is not value
    at[path[-1]] = value
    assert any(path[1] in difference for difference in differences(bundle, digested=True))


@pytest.mark.parametrize("kind", ["candidate", "result"])
@pytest.mark.parametrize("change", ["drop", "swap", "double", "move", "end"])
def test_lines_dropped_swapped_doubled_or_moved_are_seen(kind: str, change: str) -> None:
    bundle = sample()
    first = next(place for place, line in enumerate(bundle) if kind in line)
    if change == "drop":
        bundle.pop(first)
    elif change == "swap":
        bundle[first], bundle[first + 1] = bundle[first + 1], bundle[first]
    elif change == "double":
        bundle.insert(first, copy.deepcopy(bundle[first]))
    else:
        bundle.insert(len(bundle) - 1 + (change == "end"), bundle.pop(first))
    found = differences(bundle, digested=change != "end")
    assert bool(found) is not (kind == "candidate" and change == "swap"), found


@pytest.mark.parametrize("key", ["facilities.basic.defect_share", "compound.hazards"])
def test_a_changed_fact_is_seen_even_under_a_new_hash(key: str) -> None:
    bundle = sample()
    of_kind(bundle, "candidate")[1]["facts"][key] = "0"
    assert any("total" in difference for difference in differences(bundle, digested=True))


def test_a_candidate_of_two_partitions_is_seen() -> None:
    bundle = sample()
    again = {**of_kind(bundle, "candidate")[0], "partition": "B"}
    place = next(place for place, line in enumerate(bundle) if line.get("candidate", {}).get("partition") == "B")
    bundle.insert(place, {"candidate": again})
    assert "a candidate comes twice" in differences(bundle, digested=True)


def test_a_partition_without_results_and_one_told_twice_are_seen() -> None:
    bundle = sample()
    without = [line for line in bundle if line.get("result", {}).get("partition") != "B"]
    assert differences(without, digested=True)
    partition = [line for line in bundle[2:-1] if "B" in {one["partition"] for one in line.values()}]
    assert any("once" in one for one in differences([*bundle[:-1], *partition, bundle[-1]], digested=True))


def test_other_rules_are_refused_not_guessed() -> None:
    bundle = sample()
    bundle[1]["inputs"]["rules_version"] = RULES_VERSION + 1
    assert differences(bundle, digested=True)
    assert differences([{"format": "other"}, *sample()[1:]], digested=True)


def test_the_command_says_ok_or_every_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bundle.ndjson"
    bundle = sample()
    file.write_bytes(b"".join(written(bundle)))
    with pytest.raises(SystemExit) as ended:
        main(file)
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("OK")

    of_kind(bundle, "result")[0]["total"] = "100"
    file.write_bytes(b"".join(written(bundle)))
    with pytest.raises(SystemExit) as ended:
        main(file)
    assert ended.value.code == 1
    assert "1: total is '100', recomputed '59.5'" in capsys.readouterr().out

    for content in (b"", b'{"format":"jiugai-bundle/2"}', b"{}\n{}\n", b"\xff\n"):
        file.write_bytes(content)
        with pytest.raises(SystemExit) as ended:
            main(file)
        assert "no bundle that can be read" in str(ended.value.code)


def test_it_stays_small_and_alone() -> None:
    source = Path(str(sys.modules[verify.__module__].__file__)).read_text()
    assert len(source.splitlines()) < 150
    assert "services" not in [
        line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))
    ]
