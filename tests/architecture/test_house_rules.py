"""Rules of the house that no linter knows."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

import services
from services.core.kit.errors import catalogue
from services.core.kit.events import Event
from services.core.kit.jobs import Job
from services.worker.runtime import TASKS

ROOT = Path(services.__file__).parent


@pytest.fixture(scope="module", autouse=True)
def everything_loaded() -> None:
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _below(kind: type) -> Iterator[type]:
    child: type
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def _ours(kind: type) -> list[type]:
    return [child for child in _below(kind) if child.__module__.startswith("services.")]


def test_every_job_has_exactly_one_task() -> None:
    names = [job.name for job in _ours(Job)]  # type: ignore[attr-defined]
    assert len(names) == len(set(names)) > 0
    assert set(names) == {name for name in TASKS if not name.startswith(("bench.", "test."))}


def test_event_kinds_are_unique_and_in_the_past() -> None:
    kinds = [event.kind for event in _ours(Event)]  # type: ignore[attr-defined]
    assert len(kinds) == len(set(kinds)) > 0
    assert all(kind.count(".") == 1 for kind in kinds)


def test_events_hold_no_free_text() -> None:
    """The sealed audit keeps events' fields for ever: ids, numbers, words that the program, a policy or another authority names."""
    named = {"key", "keys", "level", "digest", "policy_id", "gate_id", "partner_ref", "to"}
    texts = {
        f"{event.__name__}.{name}"
        for event in _ours(Event)
        for name, field in event.model_fields.items()  # type: ignore[attr-defined]
        if "str" in str(field.annotation) and name not in named
    }
    assert texts == set()


def test_problem_codes_are_unique_and_told_in_both_languages() -> None:
    for error in catalogue():
        assert error.title_zh
        assert error.title_en
        assert error.code == error.code.lower()


def _calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


@pytest.mark.parametrize("folder", ["core", "api"])
def test_no_use_case_commits_or_asks_the_time(folder: str) -> None:
    """The unit of work commits, and is the only clock."""
    allowed = {ROOT / "core/kit/uow.py", ROOT / "core/kit/logs.py"}  # a log line tells its own time
    for path in (ROOT / folder).rglob("*.py"):
        if path in allowed:
            continue
        calls = set(_calls(path))
        assert "commit" not in calls, path
        assert not calls & {"now", "utcnow", "today"} or folder == "api", path


def test_every_route_under_v1_declares_one_permission(app: FastAPI) -> None:
    open_to_all = {"/v1/auth/staff", "/v1/auth/wechat", "/v1/auth/refresh"}
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            if not path.startswith("/v1") or path in open_to_all:
                continue
            scopes = [scope for requirement in operation.get("security", []) for scope in requirement.get("token", [])]
            assert len(scopes) == 1, f"{method} {path} declares {scopes}"
