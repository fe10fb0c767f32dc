"""Prometheus figures of this process, and of the ledgers that all processes share."""

from functools import cache

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import text

from services.api.problems import RouteNotFound

registry = CollectorRegistry()
REQUESTS = Counter("jiugai_requests", "Requests by route and status", ["method", "route", "status"], registry=registry)
SECONDS = Histogram(
    "jiugai_request_seconds",
    "Time to answer, by route",
    ["method", "route"],
    registry=registry,
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
JOBS_DUE = Gauge("jiugai_jobs_due", "Jobs whose time has come", registry=registry)
JOBS_DEAD = Gauge("jiugai_jobs_dead", "Jobs that failed for good", registry=registry)
OLDEST_DUE = Gauge("jiugai_oldest_due_job_seconds", "Age of the oldest due job", registry=registry)
UNNUMBERED = Gauge("jiugai_events_unnumbered", "Events that wait for the sequencer", registry=registry)

LEDGERS = text(
    """SELECT (SELECT count(*) FROM job WHERE failed_at IS NULL AND run_at <= now()) AS due,
              (SELECT count(*) FROM job WHERE failed_at IS NOT NULL) AS dead,
              (SELECT coalesce(extract(epoch FROM now() - min(run_at)), 0) FROM job
               WHERE failed_at IS NULL AND run_at <= now()) AS oldest,
              (SELECT count(*) FROM event WHERE seq IS NULL) AS unnumbered"""
)

router = APIRouter(tags=["health"])


@cache
def _children(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, str(status)), SECONDS.labels(method, route)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Counts one answered request."""
    counter, histogram = _children(method, route, status)
    counter.inc()
    histogram.observe(seconds)


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """The figures, for a scraper that knows the token (none needed while developing)."""
    settings = request.app.state.settings
    token = settings.jiugai_metrics_token
    if token is None and settings.jiugai_env == "production":
        raise RouteNotFound
    if token is not None and request.headers.get("authorization") != f"Bearer {token.get_secret_value()}":
        raise RouteNotFound
    async with request.app.state.database.engine.connect() as connection:
        row = (await connection.execute(LEDGERS)).one()
    JOBS_DUE.set(row.due)
    JOBS_DEAD.set(row.dead)
    OLDEST_DUE.set(row.oldest)
    UNNUMBERED.set(row.unnumbered)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
