"""`jiugai regions`: the bundled list of the nation's regions down to the county."""

from typing import TYPE_CHECKING

import typer

from services.cli.environment import words
from services.cli.wiring import connect

if TYPE_CHECKING:
    from services.core.kit.uow import Database
    from services.core.territory.bundled import Loaded

app = typer.Typer(name="regions", no_args_is_help=True, help="行政区划。Regions of the nation.")


@app.callback()
def regions() -> None:
    """行政区划。Regions of the nation."""


@app.command()
def load() -> None:
    """载入随附的区划表，已有的不动。Adds the bundled list; what is there is left as it is, changed names are shown."""
    loaded = connect("jiugai-regions", _load)
    print(words(f"新增 {loaded.added}，已有 {loaded.known}", f"added {loaded.added}, known {loaded.known}"))
    for code, here, there in loaded.renamed:
        print(
            words(f"{code} 名称不同：库中“{here}”，表中“{there}”", f"{code} differs: {here} here, {there} in the list")
        )


async def _load(database: "Database") -> "Loaded":
    from services.core.kit.uow import SYSTEM
    from services.core.territory.bundled import load_regions

    async with database.begin(SYSTEM) as uow:
        return await load_regions(uow)
