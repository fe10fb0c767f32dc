"""`jiugai audit`: proves that the audit is what was written, and gives the proof that has to be kept elsewhere."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.embedded import Refusal
from services.cli.environment import words
from services.cli.wiring import connect

if TYPE_CHECKING:
    from services.core.kit.audit import Checkpoint, Flaw
    from services.core.kit.uow import Database

app = typer.Typer(name="audit", no_args_is_help=True, help="审计记录的校验。Proof of the audit.")
APPLICATION = "jiugai-audit"

CheckpointFile = Annotated[
    Path | None,
    typer.Option("--checkpoint", help="此前导出的检查点。A checkpoint exported before.", exists=True, dir_okay=False),
]


@app.command()
def verify(checkpoint: CheckpointFile = None) -> None:
    """重新计算全部封存批次；发现改动、缺失或截断即以 1 退出。Recomputes the chain; exits with 1 when anything is wrong."""
    kept = None if checkpoint is None else read_checkpoint(checkpoint)
    batches, wrong = connect(APPLICATION, lambda database: _verify(database, kept))
    for number, flaw in wrong:
        print(words(f"第 {number} 批：{flaw.zh}", f"batch {number}: {flaw.en}"))
    if wrong:
        raise Refusal(zh=f"审计记录有 {len(wrong)} 处不符", en=f"the audit is wrong in {len(wrong)} places")
    print(words(f"审计记录完好：{batches} 批", f"The audit is intact: {batches} batches"))


@app.command("checkpoint")
def print_checkpoint() -> None:
    """打印最新批次的编号与哈希（JSON），请存放到别处。Prints the newest batch's number and hash; keep it elsewhere."""
    kept = connect(APPLICATION, _checkpoint)
    print(json.dumps({"no": kept.no, "hash": kept.hash.hex()}))


def read_checkpoint(path: Path) -> "Checkpoint":
    """The checkpoint in a file that `jiugai audit checkpoint` wrote."""
    from services.core.kit.audit import Checkpoint

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Checkpoint(int(content["no"]), bytes.fromhex(content["hash"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(zh=f"{path} 不是检查点文件", en=f"{path} is no checkpoint") from error


async def _checkpoint(database: "Database") -> "Checkpoint":
    from services.core.kit import audit

    async with database.engine.connect() as connection:
        return await audit.checkpoint(connection)


async def _verify(database: "Database", kept: "Checkpoint | None") -> tuple[int, "list[tuple[int, Flaw]]"]:
    from services.core.kit import audit

    batches, wrong = 0, []
    async with database.engine.connect() as connection:
        async for number, flaw in audit.verify(connection, kept=kept):
            batches += 1
            if flaw is not None:
                wrong.append((number, flaw))
    return batches, wrong
