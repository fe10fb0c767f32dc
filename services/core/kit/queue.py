"""How the bell is spelt, known to both who rings and who listens. JSON, not pickle: who writes Redis must not run code."""

import json
from typing import Any

QUEUE = "jiugai:jobs"
FUNCTION = "job"  # the one function that arq knows; which job it is, the ledger says


def serialize(content: dict[str, Any]) -> bytes:
    """The form of a bell in Redis."""
    return json.dumps(content).encode()


def deserialize(content: bytes) -> dict[str, Any]:
    """What `serialize` wrote."""
    loaded: dict[str, Any] = json.loads(content)
    return loaded
