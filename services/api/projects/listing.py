"""The query of the busiest list, read in one step: FastAPI's own handling of five parameters costs more than the list itself."""

from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.api.deps import PageQuery
from services.api.wire import Name
from services.core.projects.rules import Stage


class ProjectQuery(BaseModel):
    """Filters and page of the list of projects; unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    region: UUID | None = None
    stage: Stage | None = None
    q: Name | None = None
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500)


def query_of(request: Request) -> tuple[ProjectQuery, PageQuery]:
    """What the request asks for; wrong parameters are told as FastAPI would tell them."""
    try:
        query = ProjectQuery.model_validate(dict(request.query_params))
    except ValidationError as wrong:
        raise RequestValidationError([{**one, "loc": ("query", *one["loc"])} for one in wrong.errors()]) from wrong
    return query, PageQuery(query.limit, query.cursor, request)


def documented() -> dict[str, Any]:
    """The parameters of `ProjectQuery` for the OpenAPI document."""
    schema = ProjectQuery.model_json_schema()
    definitions = schema.get("$defs", {})
    parameters = []
    for name, found in schema["properties"].items():
        kinds = [_inlined(kind, definitions) for kind in found.get("anyOf", [found]) if kind.get("type") != "null"]
        parameters.append({"name": name, "in": "query", "required": False, "schema": kinds[0]})
    return {"parameters": parameters}


def _inlined(kind: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    reference = kind.get("$ref")
    found: dict[str, Any] = kind if reference is None else definitions[reference.rsplit("/", 1)[1]]
    return {key: value for key, value in found.items() if key not in ("title", "description", "default")}
