"""A file as `wx.uploadFile` sends it: one part of a multipart form. Off the wire and decoded before a connection is taken."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from services.api.files.tus_wire import Metadata, read_fields
from services.core.files.examining import examine, refused
from services.core.files.service import Examined

TOLD = ("sha256", "project", "taken_at", "lat", "lon", "crs", "accuracy")
"""What may be said beside the file, as in tus' Upload-Metadata."""
MAX_FIELDS, MAX_FIELD_BYTES = 16, 4096
DECODING = asyncio.Semaphore(2)
"""So many pictures of this process are unfolded at once: each may take 150 MB."""

BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "JPEG, PNG, WebP; from staff also PDF",
                        },
                        **{name: {"type": "string"} for name in TOLD},
                    },
                }
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class Received:
    """A file, and what its sender says of it."""

    examined: Examined
    about: Metadata


async def get_file(request: Request) -> Received:
    """The upload, decoded. Declared after the route's access and before its unit of work: who may not is refused before a byte is
    read, and who stops half-way holds no connection."""
    async with request.form(max_files=1, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise refused("须附文件", "is required, as a file")
        content, name = await file.read(), file.filename or ""
        about = read_fields({key: value for key in TOLD if isinstance(value := form.get(key), str)})
    async with DECODING:
        found = await asyncio.to_thread(
            examine, content, file_name=name, pdf=request.state.principal.kind != "resident"
        )
    if about.sha256 not in {None, found.sha256}:
        raise refused("内容与所报的 SHA-256 不符", "its SHA-256 is not the one that was announced")
    # The borders between the parts differ each time it is sent; the content tells whether it is the same request.
    request.state.upload_digest = found.sha256.encode() + about.model_dump_json().encode()
    return Received(found, about)


Sent = Annotated[Received, Depends(get_file)]
