"""Alive, ready, measured; every route known to the metrics by its template."""

import httpx


async def test_alive_and_ready(api: httpx.AsyncClient) -> None:
    assert (await api.get("/healthz")).json() == {"status": "alive"}
    ready = await api.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["migration"]


async def test_metrics_count_routes_by_template(api: httpx.AsyncClient) -> None:
    await api.get("/problems/not-found")
    text = (await api.get("/metrics")).text
    assert 'route="/problems/{code}"' in text
    assert "jiugai_jobs_dead" in text
    assert "jiugai_oldest_due_job_seconds" in text


async def test_every_answer_carries_a_request_id(api: httpx.AsyncClient) -> None:
    made = await api.get("/healthz")
    given = await api.get("/healthz", headers={"X-Request-Id": "a-callers-own-id"})
    unsound = await api.get("/healthz", headers={"X-Request-Id": "bad id; not sound"})
    assert len(made.headers["x-request-id"]) == 32
    assert given.headers["x-request-id"] == "a-callers-own-id"
    assert len(unsound.headers["x-request-id"]) == 32
    assert made.headers["x-content-type-options"] == "nosniff"
