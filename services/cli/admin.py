"""`jiugai admin`: what has to be done before anybody can sign in."""

import asyncio
import getpass
import os
import sys
from typing import Annotated

import typer

from services.cli.embedded import Refusal

app = typer.Typer(no_args_is_help=True, help="管理员账号。Administrators.")

Username = Annotated[str, typer.Option(prompt="用户名 Username", help="登录用户名。Name to sign in with.")]
Name = Annotated[str, typer.Option(prompt="姓名 Name", help="显示的姓名。Name to show.")]
RegionCode = Annotated[
    str | None,
    typer.Option(
        help="管辖区域的代码，默认为唯一的最上级区域。Code of the region; by default the only one at the top."
    ),
]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="从标准输入读密码。Reads the password from stdin.")]


@app.callback()
def admin() -> None:
    """管理员账号。Administrators."""


@app.command()
def create(
    username: Username, name: Name, region_code: RegionCode = None, *, password_stdin: FromInput = False
) -> None:
    """建立市级管理员账号。Makes an administrator of the whole city; the password also comes from JIUGAI_ADMIN_PASSWORD."""
    from services.cli import embedded
    from services.cli.environment import prepared, words

    prepared(embedded.ensure(embedded.data_folder()))
    held = asyncio.run(_create(username, name, read_password(from_input=password_stdin), region_code))
    print(words(f"已建立市级管理员 {username}，管辖：{held}", f"Administrator {username} made, for {held}"))


def read_password(*, from_input: bool) -> str:
    """The password from stdin, the environment, or typed twice."""
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    if given := os.environ.get("JIUGAI_ADMIN_PASSWORD"):
        return given
    if not sys.stdin.isatty():
        raise Refusal(
            zh="没有密码：请用 --password-stdin 或 JIUGAI_ADMIN_PASSWORD 提供",
            en="no password: give it by --password-stdin or JIUGAI_ADMIN_PASSWORD",
        )
    typed = getpass.getpass("密码 Password: ")
    if getpass.getpass("再次输入 Again: ") != typed:
        raise Refusal(zh="两次输入不一致", en="the two passwords differ")
    return typed


async def _create(username: str, name: str, password: str, region_code: str | None) -> str:
    """The name of the region that the new administrator holds."""
    from services.core.identity.first_admin import create_admin
    from services.core.kit.database import create_engine
    from services.core.kit.errors import DomainError
    from services.core.kit.settings import load
    from services.core.kit.uow import SYSTEM, Database

    database = Database(create_engine(load(), application="jiugai-admin"))
    try:
        async with database.begin(SYSTEM) as uow:
            held = await create_admin(
                uow, username=username, display_name=name, password=password, region_code=region_code
            )
    except DomainError as refusal:
        place = refusal.errors[0] if refusal.errors else None
        raise Refusal(
            zh=f"{username}：{place.zh if place else refusal.title_zh}",
            en=f"{username}: {place.en if place else refusal.title_en}",
        ) from refusal
    finally:
        await database.close()
    return held.name
