"""`jiugai`: runs the service and its parts. Other modules' commands are added at the end of this file."""

import contextlib
import json
import os
import shlex
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from services.cli import admin, audit, clocks, dead, embedded, regions
from services.cli.demo import demo
from services.cli.embedded import Refusal
from services.cli.environment import migrate_to_head, prepared, refuse_taken, words
from services.cli.supervisor import Program, supervise
from services.cli.verifying import main as verify_bundle


class OneLineRefusals(TyperGroup):
    """Shows a refusal as one line and exits with 1; anything else that goes wrong keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            print(words(f"错误：{refusal.zh}", f"Error: {refusal.en}"), file=sys.stderr)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=OneLineRefusals,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="旧改：老旧小区改造后台。Jiugai: the backend for renewing old residential compounds.",
)

Host = Annotated[str, typer.Option(envvar="JIUGAI_HOST", help="监听地址。Address to listen on.")]
Port = Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="监听端口。Port to listen on.")]
Workers = Annotated[int, typer.Option(min=1, help="接口进程数。Number of API processes.")]
Output = Annotated[Path, typer.Option(help="写到哪里。Where to write it.")]
Text = Annotated[str, typer.Argument(help="迁移说明。What the migration does.")]


@app.command()
def run(host: Host = "127.0.0.1", port: Port = 8000, workers: Workers = 1) -> None:
    """迁移数据库，然后同时运行接口与后台任务，直到中断。Migrates, then runs API and worker until interrupted."""
    signal.signal(signal.SIGTERM, _interrupted)  # before the supervisor takes over, and while servers are stopped
    refuse_taken(host, port)
    with contextlib.suppress(KeyboardInterrupt), embedded.running(embedded.data_folder()) as exported:
        environment = prepared(exported)
        migrate_to_head()
        programs = [
            Program("api", api_command(host, port, workers), environment),
            Program("worker", worker_command(), environment),
        ]
        supervise(programs, each_turn=Announcement(f"http://{host}:{port}"))


@app.command()
def api(host: Host = "127.0.0.1", port: Port = 8000, workers: Workers = 1) -> None:
    """只运行接口。Runs the API alone, in the foreground."""
    refuse_taken(host, port)
    become(api_command(host, port, workers), prepared(embedded.ensure(embedded.data_folder())))


@app.command()
def worker() -> None:
    """只运行后台任务。Runs one worker alone, in the foreground."""
    become(worker_command(), prepared(embedded.ensure(embedded.data_folder())))


@app.command()
def migrate() -> None:
    """把数据库迁移到最新。Brings the database to the newest migration."""
    prepared(embedded.ensure(embedded.data_folder()))
    migrate_to_head()


@app.command("check-migrations")
def check_migrations() -> None:
    """迁移之后模型与数据库须一致。Migrates, then refuses when models and database differ."""
    from alembic import command
    from alembic.util import CommandError

    from services.core.kit.schema_version import alembic_config

    migrate()
    try:
        command.check(alembic_config())
    except CommandError as error:
        raise Refusal(zh=f"模型与迁移不一致：{error}", en=f"models and migrations differ: {error}") from error


@app.command()
def migration(text: Text) -> None:
    """按模型的变化写一个新迁移。Writes a new migration from what changed in the models."""
    from alembic import command

    from services.core.kit.schema_version import alembic_config

    migrate()
    command.revision(alembic_config(), message=text, autogenerate=True)


@app.command()
def down() -> None:
    """停止本目录的数据库与缓存服务。Stops the embedded servers of this checkout."""
    stopped = embedded.stop(embedded.data_folder())
    print("\n".join(stopped) if stopped else words("没有在运行的服务", "nothing was running"))


@app.command()
def status() -> None:
    """显示本目录的服务状态。Shows the embedded servers of this checkout."""
    found = embedded.status(embedded.data_folder())
    for state in found:
        state_word = words("运行中", "running") if state.running else words("已停止", "stopped")
        print(f"{state.name}\t{state_word}\t127.0.0.1:{state.port}\t{state.folder}")
    if not found:
        print(words("还没有启动过任何服务", "no server has been started yet"))


@app.command()
def env() -> None:
    """打印 export 行：eval "$(jiugai env)"。Prints export lines, starting the embedded servers when needed."""
    for name, value in embedded.ensure(embedded.data_folder()).items():
        print(f"export {name}={shlex.quote(value)}")


@app.command()
def openapi(output: Output = Path("docs/openapi.json")) -> None:
    """写出 OpenAPI 文档。Writes the OpenAPI document."""
    from pydantic import SecretStr

    from services.api.app import create_app
    from services.core.kit.settings import Settings

    nowhere = Settings(
        database_url=SecretStr("postgresql://nobody@localhost/none"),
        redis_url=SecretStr("redis://localhost"),
        jiugai_secret_key=SecretStr("0" * 64),  # signs nothing: no request is ever served
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    document = json.dumps(create_app(nowhere).openapi(), ensure_ascii=False, indent=2, sort_keys=True)
    output.write_text(document + "\n", encoding="utf-8")


def api_command(host: str, port: int, workers: int) -> list[str]:
    """The command line of the API."""
    options = ["--factory", "--host", host, "--port", str(port), "--workers", str(workers)]
    options += ["--no-access-log", "--no-server-header", "--log-level", "warning", "--timeout-graceful-shutdown", "10"]
    return [sys.executable, "-m", "uvicorn", "services.api.app:create_app", *options]


def worker_command() -> list[str]:
    """The command line of a worker."""
    return [sys.executable, "-m", "services.worker"]


def become(command: list[str], environment: Mapping[str, str]) -> NoReturn:
    """Replaces this process, so that signals and exit code are the program's own."""
    os.execve(command[0], command, environment)  # noqa: S606 - our own interpreter


class Announcement:
    """Says once where the service is, when it is ready."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made = False

    def __call__(self) -> None:
        """Looks, unless it has been said."""
        if self._made:
            return
        try:
            with urllib.request.urlopen(f"{self._url}/readyz", timeout=0.5):  # noqa: S310 - our own address
                self._made = True
        except (OSError, urllib.error.URLError):
            return
        print(words(f"服务已就绪：{self._url}（接口文档 /docs）", f"Ready: {self._url} (API at /docs)"), flush=True)


def _interrupted(*_: object) -> NoReturn:
    raise KeyboardInterrupt


# Commands that live in modules of their own: one line each.
app.add_typer(admin.app, name="admin")
app.add_typer(audit.app, name="audit")
app.add_typer(dead.app, name="dead")
app.add_typer(clocks.app, name="clocks")
app.add_typer(regions.app, name="regions")
app.command("demo")(demo)
app.command("verify")(verify_bundle)

if __name__ == "__main__":
    app()
