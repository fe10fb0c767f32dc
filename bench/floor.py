"""The floor: bare FastAPI routes over bare asyncpg, doing only what cannot be left out. No checks, no ledger, no log."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from pydantic_core import to_json

INSERT = "INSERT INTO floor_write (id, key, value, source) VALUES ($1, $2, $3, $4)"


class Body(BaseModel):
    """What the floor's write takes."""

    key: str
    value: str
    source: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """A pool as large as ours."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=16, max_size=20) as pool:
        app.state.pool = pool
        app.state.query, app.state.arguments, app.state.places = json.loads(os.environ["FLOOR_QUERY"])
        app.state.constant = b""
        app.state.statement = ""
        yield


def create_app() -> FastAPI:
    """The bare application."""
    app = FastAPI(lifespan=lifespan)

    @app.get("/projects")
    async def projects(request: Request, region: UUID) -> Response:
        state = request.app.state
        arguments = list(state.arguments)
        for place in state.places:
            arguments[place] = region
        rows = await state.pool.fetch(state.query, *arguments)
        return Response(to_json([dict(row) for row in rows]), media_type="application/json")

    @app.put("/constant")
    async def keep_constant(request: Request) -> None:
        request.app.state.constant = await request.body()

    @app.get("/constant")
    async def constant(request: Request) -> Response:
        return Response(request.app.state.constant, media_type="application/json")

    @app.put("/statement")
    async def keep_statement(request: Request) -> None:
        request.app.state.statement = (await request.body()).decode()

    @app.get("/statement")
    async def statement(request: Request, of: UUID) -> Response:
        rows = await request.app.state.pool.fetch(request.app.state.statement, of)
        return Response(to_json([dict(row) for row in rows]), media_type="application/json")

    @app.post("/file", status_code=201)
    async def write_file(request: Request) -> None:
        path = Path(os.environ["FILES_PATH"]) / f"floor-{uuid4()}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            async for chunk in request.stream():
                os.write(handle, chunk)
            await asyncio.to_thread(os.fsync, handle)
        finally:
            os.close(handle)

    @app.post("/write", status_code=201)
    async def write(request: Request, body: Body) -> dict[str, str]:
        key = uuid4()
        await request.app.state.pool.execute(INSERT, key, body.key, body.value, body.source)
        return {"id": str(key)}

    return app
