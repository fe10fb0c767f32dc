"""Logs: one JSON object a line, and no personal data even by mistake. In a process of its own, as logs are set up once."""

import json
import subprocess
import sys

PROGRAM = """
import asyncio, logging
import asyncpg, structlog
from pydantic import BaseModel
from services.core.kit import logs
from services.core.kit.errors import NotFound

logs.configure("INFO")
log = structlog.get_logger("trial")
log.debug("too quiet")
log.info("signed in", phone="13800138000", password="hunter2", request_id="r-1",
         body={"name": "王小明", "rooms": {"id_number": "52032719900101"}, "kept": 7})

class Form(BaseModel):
    age: int

def fail(how):
    try:
        how()
    except Exception:
        log.exception("failed")

def by_validator():
    Form(age="王小明")

def by_key():
    {}["13800138000"]

def by_database():
    raise asyncpg.UniqueViolationError.new({"C": "23505", "n": "uq_staff_username",
        "M": "duplicate key", "D": "Key (phone)=(13800138000) already exists."})

def by_cause():
    try:
        by_key()
    except KeyError as error:
        raise RuntimeError("the ledger cannot be read") from error

for how in (by_validator, by_key, by_database, by_cause):
    fail(how)
log.error("refused", exc_info=NotFound())
try:
    by_key()
except KeyError:
    logging.getLogger("library").exception("went wrong")
"""


def test_logs_hold_no_personal_data() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    told = done.stderr
    for personal in ("13800138000", "王小明", "hunter2", "52032719900101"):
        assert personal not in told

    *ours, _ = told.split("ERROR library went wrong")
    lines = [json.loads(line) for line in ours[0].splitlines()]
    assert [line["event"] for line in lines] == ["signed in", "failed", "failed", "failed", "failed", "refused"]
    assert all({"at", "level"} <= line.keys() for line in lines)
    assert lines[0]["request_id"] == "r-1"
    assert lines[0]["body"] == {"name": "…", "rooms": {"id_number": "…"}, "kept": 7}

    validator, key, database, cause, refused = (line["exception"] for line in lines[1:])
    assert validator.startswith("ValidationError")
    assert key.startswith("KeyError")
    assert "in by_key" in key
    assert "UniqueViolationError (sqlstate=23505, constraint_name=uq_staff_username)" in database
    assert cause.startswith("RuntimeError: the ledger cannot be read")
    assert "caused by KeyError" in cause
    assert refused.startswith("NotFound: not-found")
    assert "KeyError" in told.rsplit("went wrong", 1)[1]
