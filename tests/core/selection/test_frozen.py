"""Rows of a run's results in the text form of COPY: whatever stands in a text is read back as it was."""

import json
from uuid import UUID

import pytest

from services.core.selection import frozen
from services.core.selection.candidates import Caps, RoundParameters, points_text
from services.core.selection.rules import run
from services.core.selection.sentences import Sentences
from tests.support.rounds import candidate, policy

RUN = UUID(int=7)
READ = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}


def read(field: str) -> str:
    """A field as COPY reads it, mark by mark."""
    told, place = "", 0
    while place < len(field):
        width = 2 if field[place] == "\\" else 1
        told += READ[field[place : place + 2]] if width == 2 else field[place]
        place += width
    return told


def rows_of(text: bytes) -> list[dict[str, str]]:
    lines = text.decode().removesuffix("\n").split("\n")
    return [dict(zip(frozen.RESULT_COLUMNS, map(read, line.split("\t")), strict=True)) for line in lines]


@pytest.mark.parametrize("mark", ["", "\\", "\t", "\n", "\r", "\\n", "“", "\U0001f3e0"])
def test_a_row_holds_what_was_found_whatever_stands_in_its_texts(mark: str) -> None:
    chosen = policy()
    given = [
        candidate(f"1{mark}a", partition=f"甲{mark}"),
        candidate(f"2{mark}", partition=f"甲{mark}", compound__hazards="0"),
        candidate("3", partition=f"甲{mark}", vote__plan__passed="false", conflicts=("compound.hazards",) * 2),
    ]
    given = [one._replace(project_id=str(UUID(int=place))) for place, one in enumerate(given)]
    results = run(chosen, RoundParameters("330200", 2027, (Caps(count=1),)), given)
    sentences = list(map(Sentences(chosen).of, results))
    rows = rows_of(frozen.Written(RUN, chosen).rows(results, iter(sentences), start=41))
    assert len(rows) == 3
    for position, row, result, (zh, en) in zip((41, 42, 43), rows, results, sentences, strict=True):
        scored, reason = result.scored, json.loads(row.pop("reason"))
        assert json.loads(row.pop("dimensions")) == {name: str_of(points) for name, points in result.dimensions.items()}
        assert row == {
            "run_id": str(RUN),
            "position": str(position),
            "project_id": result.project_id,
            "no": result.no,
            "partition": f"甲{mark}",
            "rank": "" if result.rank is None else str(result.rank),
            "total": points_text(scored.total_units),
            "outcome": result.outcome.value,
            "units": "{" + ",".join(map(str, scored.units)) + "}",
            "sentence_zh": zh,
            "sentence_en": en,
        }
        assert reason == {
            "code": result.reason.code,
            "params": result.reason.params,
            "failed_gates": list(result.failed_gates),
            "excepted_gates": [],
            "missing": [],
            "conflicts": list(result.conflicts),
            "carried": None,
        }


def str_of(points: object) -> str:
    """Points as the one text of them."""
    text = str(points)
    return text.rstrip("0").rstrip(".") if "." in text else text
