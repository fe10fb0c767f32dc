"""Large bodies are read in a thread: validating 50,000 properties in the event loop would keep every other request waiting."""

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from services.core.kit.errors import InputInvalid

Model = TypeVar("Model", bound=BaseModel)


MAX_MEMBERS = 500
"""Most members of any object. Lists stop at the first wrong item (`FailFast`), objects do not: each wrong member is an error."""

MAX_ERRORS = 50


class _TooWide(Exception):
    """An object has more members than any that we take."""


def body_of(model: type[Model]) -> Callable[[Request], Awaitable[Model]]:
    """A dependency that gives the request's JSON body as `model`; what does not fit is refused as FastAPI would."""

    async def read(request: Request) -> Model:
        return await run_in_threadpool(_validated, model, await request.body())

    return read


def _validated(model: type[Model], content: bytes) -> Model:
    given = _read(content)
    try:
        return model.model_validate_json(content)
    except ValidationError as wrong:
        found = wrong.errors(include_url=False, include_input=False)[:MAX_ERRORS]
        errors = [{**error, "loc": ("body", *_place(error, given))} for error in found]
        raise RequestValidationError(errors) from None


def _read(content: bytes) -> Any:
    """The body as Python reads it, None when it cannot. InputInvalid before Pydantic finds an error in each of 100,000 members."""
    try:
        return json.loads(content, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return None
    except _TooWide:
        raise InputInvalid.at(
            "", zh=f"一个对象至多 {MAX_MEMBERS} 个字段", en=f"holds an object of more than {MAX_MEMBERS} members"
        ) from None


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(members) > MAX_MEMBERS:
        raise _TooWide
    return dict(members)


def _place(error: Any, given: Any) -> Iterator[str | int]:
    """The location of an error as the caller can follow it: Pydantic adds the kinds of a union, which are not in the body."""
    for part in error["loc"]:
        if isinstance(given, dict | list) and (part in given if isinstance(given, dict) else isinstance(part, int)):
            given = given[part]
            yield part
    if error["type"] == "missing":
        yield error["loc"][-1]


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """What the OpenAPI document says of such a body; FastAPI sees no body parameter, so its schema is written in place."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": _inlined(schema, definitions)}}},
    }


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:
    """`part` with every reference replaced by what it refers to; a discriminator can only name references, so it goes too."""
    if isinstance(part, list):
        return [_inlined(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(definitions[part["$ref"].rpartition("/")[2]], definitions)
    kept = part.keys() - {"discriminator"} if "oneOf" in part else part.keys()
    return {key: _inlined(part[key], definitions) for key in part if key in kept}
