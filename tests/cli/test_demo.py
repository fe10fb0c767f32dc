"""The demonstration, whole: real processes, the sources' own figures, nothing left behind."""

import os
import subprocess
import sys

import asyncpg
import pytest

from tests.support import databases

pytestmark = pytest.mark.processes


async def test_the_demonstration_plays_to_the_end_and_leaves_nothing(servers: dict[str, str]) -> None:
    environment = {**os.environ, **servers, "JIUGAI_SECRET_KEY": "0123456789abcdef" * 4, "COLUMNS": "200"}
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
    for mark in ("synthetic", "入选 in", "Ranked 1 of", "第 1 名", "逐项一致", "完好"):
        assert mark in played.stdout
    admin = await asyncpg.connect(databases.on(servers["DATABASE_URL"], "postgres"))
    try:
        left = await admin.fetchval("SELECT count(*) FROM pg_database WHERE datname LIKE 'jiugai_demo_%'")
    finally:
        await admin.close()
    assert left == 0
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "jiugai_demo_" not in running
