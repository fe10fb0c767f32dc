"""The demonstration, whole: real processes, the sources' own figures, nothing left behind."""

import contextlib
import os
import secrets
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from tests.support import databases

pytestmark = pytest.mark.processes


def running_with(key: str) -> list[str]:
    """Processes that were started with this secret, by their folder under /proc."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if key.encode() in environment.read_bytes():
                found.append(environment.parent.name)
    return found


async def test_the_demonstration_plays_to_the_end_and_leaves_nothing(servers: dict[str, str]) -> None:
    key = secrets.token_hex(32)
    environment = {**os.environ, **servers, "JIUGAI_SECRET_KEY": key, "COLUMNS": "200"}
    with subprocess.Popen(["sleep", "600"], env=environment) as control:
        seen = running_with(key)
        control.kill()
    assert seen == [str(control.pid)]
    played = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "demo"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stdout[-3000:] + played.stderr[-3000:]
    for compound in ("粮贸小区", "老中医院小区", "武装部小区", "老财政局小区", "金融小区", "南岳新村", "城南一、二期"):
        assert compound in played.stdout
    for figure in ("13,380 m²", "-26 m", "2,500 m²", "慈济中学教师宿舍", "万利小区釜山新村"):
        assert figure in played.stdout
    for mark in ("synthetic", "实施 in", "Ranked 1 of", "第 1 名", "逐项一致", "完好"):
        assert mark in played.stdout
    assert "808 处房屋" in played.stdout
    for decided in ("户作答并经第二人核对", "10 次表决", "808 户，三轮后 808 户同意", "三轮征询 three rounds"):
        assert decided in played.stdout
    for step in (
        "异议成立",
        "作废留存",
        "改早三十天",
        "实施 6 个",
        "增补（跳过",
        "退出 dropped",
        "优先 preferred",
        "ranking of the next year",
    ):
        assert step in played.stdout
    admin = await asyncpg.connect(databases.on(servers["DATABASE_URL"], "postgres"))
    try:
        left = await admin.fetchval("SELECT count(*) FROM pg_database WHERE datname LIKE 'jiugai_demo_%'")
    finally:
        await admin.close()
    assert left == 0
    assert running_with(key) == []
