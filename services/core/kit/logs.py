"""Structured logs: one JSON object a line on stderr. Only named fields are logged, never bodies, so no personal data gets in."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from pydantic_core import to_json

# A field of such a name is a mistake of ours; its value stays out of the log all the same.
SECRET = frozenset({"password", "token", "secret", "phone", "name", "authorization", "otp", "code", "id_number"})


def _scrub(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in SECRET.intersection(fields):
        fields[key] = "…"
    return fields


def _render(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> str:
    return to_json(fields, fallback=str).decode()


def configure(level: str) -> None:
    """Sets up the logs of this process; libraries' warnings go the same way."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            _scrub,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s", force=True
    )
