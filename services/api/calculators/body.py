"""Large bodies are read in a thread: validating 50,000 properties in the event loop would keep every other request waiting."""

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

Model = TypeVar("Model", bound=BaseModel)


def body_of(model: type[Model]) -> Callable[[Request], Awaitable[Model]]:
    """A dependency that gives the request's JSON body as `model`; what does not fit is refused as FastAPI would."""

    async def read(request: Request) -> Model:
        return await run_in_threadpool(_validated, model, await request.body())

    return read


def _validated(model: type[Model], content: bytes) -> Model:
    try:
        return model.model_validate_json(content)
    except ValidationError as wrong:
        given = None if wrong.errors()[0]["type"] == "json_invalid" else json.loads(content)
        errors = [{**error, "loc": ("body", *_place(error, given))} for error in wrong.errors(include_url=False)]
        raise RequestValidationError(errors) from wrong


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
