"""Rounds of A and B in turn, their ratio, and `.data/bench.json`."""

import json
import platform
import statistics
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured ratio (or time) and what it must be."""

    name: str
    ratio: float
    must: float
    at: str
    ours: str
    floor: str

    @property
    def holds(self) -> bool:
        """Whether it is as it must be."""
        return self.ratio >= self.must if self.at == "least" else self.ratio <= self.must


async def paired(
    name: str,
    *,
    ours: Callable[[], Awaitable[float]],
    floor: Callable[[], Awaitable[float]],
    must: float,
    unit: str = "/s",
) -> Figure:
    """The median over rounds of ours/floor, each pair measured one after the other, once unmeasured to warm up."""
    await ours()
    await floor()
    pairs = [(await ours(), await floor()) for _ in range(ROUNDS)]
    ratio = statistics.median(a / b for a, b in pairs)
    return Figure(
        name, round(ratio, 3), must, "least",
        f"{statistics.median(a for a, _ in pairs):,.0f}{unit}", f"{statistics.median(b for _, b in pairs):,.0f}{unit}",
    )  # fmt: skip


def machine() -> str:
    """The processor and the number of cores, as the kernel tells."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in cpuinfo if line.startswith("model name")), "unknown")
    cores = sum(line.startswith("processor") for line in cpuinfo)
    return f"{model}, {cores} cores, Python {platform.python_version()}"


def write(figures: list[Figure], path: Path) -> None:
    """Prints the table and writes the file; later benchmarks add to it by name."""
    table = Table(title=f"make bench on {machine()}")
    for column in ("what", "ours", "floor", "ratio", "must", ""):
        table.add_column(column)
    for figure in figures:
        sign = "≥" if figure.at == "least" else "≤"
        table.add_row(
            figure.name, figure.ours, figure.floor, f"{figure.ratio:g}", f"{sign} {figure.must:g}",
            "[green]holds[/green]" if figure.holds else "[red]misses[/red]",
        )  # fmt: skip
    Console(width=140).print(table)
    known = json.loads(path.read_text()) if path.exists() else {}
    for figure in figures:
        entry = asdict(figure)
        known[entry.pop("name")] = {key: entry[key] for key in ("ratio", "must", "at", "ours", "floor")}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
