"""A file as it arrives: taken off the wire piece by piece, bounded by the gate, its fields checked like any other body."""

import hashlib
import unicodedata
from dataclasses import dataclass

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from services.api.exchange.schemas import ImportIn
from services.core.exchange.errors import UploadInvalid
from services.core.exchange.forms import ImportKind

MAX_FIELDS = 8
MAX_FIELD_BYTES = 4096

BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "kind", "region"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "XLSX or CSV"},
                        "kind": {"type": "string", "enum": [*ImportKind]},
                        "region": {"type": "string", "format": "uuid", "description": "Rows may land here and below"},
                        "mode": {
                            "type": "string",
                            "enum": ["all_or_nothing", "good_rows"],
                            "default": "all_or_nothing",
                        },
                        "dry_run": {"type": "boolean", "default": False},
                        "source": {"type": "string", "maxLength": 200, "description": "For rows that name no source"},
                    },
                }
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file and the fields that came with it."""

    file_name: str
    content: bytes
    fields: ImportIn


async def get_upload(request: Request) -> Upload:
    """The upload. Declared after the route's access and before its unit of work: who may not is refused before a byte is read,
    and who stops half-way holds no connection."""
    async with request.form(max_files=1, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise UploadInvalid.at("/file", zh="须附文件", en="is required, as a file")
        content = await file.read()
        name = _safe(file.filename or "")
        given = {key: value for key, value in form.multi_items() if key != "file"}
    if not content:
        raise UploadInvalid.at("/file", zh="文件是空的", en="is empty")
    try:
        fields = ImportIn.model_validate(given)
    except ValidationError as wrong:
        raise RequestValidationError([{**error, "loc": ("body", *error["loc"])} for error in wrong.errors()]) from wrong
    # The borders between the parts differ each time it is sent; what lies between them tells whether it is the same request.
    told = fields.model_dump_json() + name + hashlib.sha256(content).hexdigest()
    request.state.upload_digest = told.encode()
    return Upload(name, content, fields)


def _safe(name: str) -> str:
    """The last part of a file's name, without what cannot be shown."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(mark for mark in last if unicodedata.category(mark)[0] != "C")
    return kept.strip()[-200:] or "upload"
