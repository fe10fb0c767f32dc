"""Answers that people print: pages that load nothing and run nothing, and sheets to keep."""

import hashlib
from typing import Any

from fastapi import Request, Response

from services.api.deps import validated_response
from services.web import pages, sheets

HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}
XLSX: dict[int | str, dict[str, Any]] = {
    200: {"content": {sheets.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}


def page_response(request: Request, content: bytes) -> Response:
    """A page in the language that was asked for."""
    response = validated_response(request, content, f'"{hashlib.sha256(content).hexdigest()}"')
    response.headers["Content-Security-Policy"] = pages.SECURITY_POLICY
    response.headers["Vary"] = "Accept-Language"
    if response.status_code != 304:
        response.headers["Content-Type"] = "text/html; charset=utf-8"
    return response


def sheet_response(content: bytes, name: str) -> Response:
    """A sheet under a file name of plain letters."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.xlsx"'}
    return Response(content, headers=headers, media_type=sheets.MEDIA_TYPE)
