"""The two counties of the demonstration, read from the sample data as the documents print them."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
PRINTED = {
    "land_area": "compound.land_area", "road": "compound.road", "green": "compound.green", "pipe": "compound.pipe",
    "parking": "compound.parking", "households": "compound.households",
}  # fmt: skip


@dataclass(frozen=True)
class County:
    """What the demonstration plays in one county. `has_sequel`: also what follows the first ranking, and the next year.

    `has_roll`: owners of all households are made up.
    """

    name: str
    code: str
    city_code: str
    street: str
    policy: str
    year: int
    document: str
    compounds: list[tuple[str, int]]
    works: list[str]
    cap: dict[str, Any]
    reserve: int
    report: dict[str, Any] | None = field(default=None)
    has_sequel: bool = False
    has_roll: bool = False


def fenggang() -> County:
    """Fenggang: five compounds, 808 households."""
    data = json.loads((DATA / "fenggang.json").read_text(encoding="utf-8"))
    works = [item for area in data["menu"].values() for item in area["必改"]]
    return County(
        name=data["county"],
        code=data["division_code"],
        city_code="520300",
        street="龙泉镇",
        policy="fenggang",
        year=data["year"],
        document="凤府办函〔2020〕38号",
        compounds=[(one["name"], one["households"]) for one in data["compounds"]],
        works=sorted(set(works)),
        cap={"count": 3},
        reserve=1,
        has_roll=True,
    )


def quanjiao() -> County:
    """Quanjiao: thirteen printed entries, and a report whose totals do not agree with them."""
    data = json.loads((DATA / "quanjiao.json").read_text(encoding="utf-8"))
    entries = data["compounds"]
    return County(
        name=data["county"],
        code=data["division_code"],
        city_code="341100",
        street="襄河镇",
        policy="ningbo",
        year=2019,
        document="全椒县老旧小区改造工程进展情况汇报（2019年）",
        compounds=[(one["name"], one["households"]) for one in entries],
        works=sorted(set(fenggang().works)),
        cap={"count": 6, "budget": "60000000.00"},
        reserve=3,
        has_sequel=True,
        report={
            "title": "全椒县老旧小区改造工程进展情况汇报",
            "source": "全椒县住房和城乡建设局",
            "lines": [_line(one) for one in entries],
            "totals": [
                {"group": group, "key": PRINTED.get(key, key), "value": str(value)}
                for group, totals in data["reported_totals"].items()
                for key, value in totals.items()
            ],
        },
    )


def _line(entry: dict[str, Any]) -> dict[str, Any]:
    printed = entry.get("as_printed", "")
    two_names = "two names" in printed
    line = {
        "label": printed.split("住户", maxsplit=1)[0] if two_names else entry["name"],
        "group": "2019" if entry.get("planned") else "2016-2018",
        "figures": {
            key: None if entry[short] is None else str(entry[short]) for short, key in PRINTED.items() if short in entry
        },
        "counts_as": entry.get("counts_as", 1),
    }
    notes = {"approx": "户数为约数", "as_printed": printed}
    told = [notes[key] for key in notes if entry.get(key)]
    return {**line, "note": "；".join(told)} if told else line
