"""A client that we did not write (PyPI `georeport`) reads a running server, in JSON and in XML."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from georeport import GeoReport

from services.core.kit.settings import Settings
from services.core.kit.uow import Database
from tests.api.hotline.open311 import connected
from tests.support import processes
from tests.support.people import make_region, sign_in

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_georeport_reads_a_running_server(
    settings: Settings, database: Database, tmp_path: Path, form: str
) -> None:
    environment = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "JIUGAI_SECRET_KEY": settings.jiugai_secret_key.get_secret_value(),
        "FILES_PATH": str(settings.files_path),
    }
    code = {"json": "987654000001", "xml": "987654000002"}[form]
    at = await make_region(database, "community", None, code=code)
    async with processes.api(environment, tmp_path / "api.log") as (_, address):
        manager = await sign_in(None, database, "city", at, base_url=address, transport=httpx.AsyncHTTPTransport())
        async with manager, httpx.AsyncClient(base_url=address) as api:
            app = await connected(api, manager, [str(at.id)])
            numbers = [await app.taken(service_code=service) for service in ("leak", "noise")]
        await asyncio.to_thread(read, GeoReport(f"{address}/open311/v2", code, output_format=form), numbers)


def read(client: GeoReport, numbers: list[str]) -> None:
    """Everything that the client can ask."""
    services = client.get_service_list()
    assert {"leak", "noise"} <= {service["service_code"] for service in services}
    assert client.get_service_definition("leak")["service_code"] == "leak"
    both = client.get_service_requests()
    assert [one["service_request_id"] for one in both] == numbers[::-1]
    asked = client.get_service_requests(service_request_id=",".join(numbers))
    assert [one["service_request_id"] for one in asked] == numbers[::-1]
    one: dict[str, Any] = client.get_service_request(numbers[0])
    assert (one["service_request_id"], one["status"], one["service_code"]) == (numbers[0], "open", "leak")
    assert (float(one["lat"]), float(one["long"])) == (28.663, 115.909)
    days = {"start_date": "2020-01-01T00:00:00Z", "end_date": "2020-02-01T00:00:00Z"}
    # Of an empty list in XML the client itself can make nothing.
    if client.output_format == "json":
        assert client.get_service_requests(**days, status="closed") == []
