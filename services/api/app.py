"""The application: composition root of the API process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from services.api import health, metrics, problems
from services.api.aftercare import visits, warranty
from services.api.audit import router as audit
from services.api.calculators import router as calculators
from services.api.consultations import lifts, meetings, mine
from services.api.consultations import printing as consultation_printing
from services.api.consultations import router as consultations
from services.api.deps import Replay, replay
from services.api.desks import router as desks
from services.api.desks import rules as routing_rules
from services.api.doorbell import RedisDoorbell
from services.api.events import router as events
from services.api.exchange import router as exchange
from services.api.facts import router as facts
from services.api.files import checks, tus
from services.api.files import router as files
from services.api.files.tus_wire import Tus
from services.api.hotline import after as after_complaints
from services.api.hotline import assignments, contact_board, published_cases, site_form, statistics
from services.api.hotline import categories as complaint_categories
from services.api.hotline import groups as complaint_groups
from services.api.hotline import handling as complaint_handling
from services.api.hotline import listing as complaint_list
from services.api.hotline import mine as own_complaints
from services.api.hotline import nearby as nearby_complaints
from services.api.hotline import public as public_complaints
from services.api.hotline import reading as _reading  # noqa: F401 - says who reads the files of complaints
from services.api.hotline import router as complaints
from services.api.hotline import timing as complaint_timing
from services.api.identity import keys as client_keys
from services.api.identity import managing, me, signing
from services.api.judgement import router as judgement
from services.api.middleware import Gate, RateLimiter
from services.api.notifications import router as notifications
from services.api.open311 import router as open311
from services.api.ownership import buildings, people, properties
from services.api.policy import router as policy
from services.api.projects import plan_documents, plans, rollups, stages
from services.api.projects import public as transitions
from services.api.projects import router as projects
from services.api.residents import community, todo
from services.api.residents import mine as own
from services.api.routing import Index
from services.api.security import PrincipalCache
from services.api.selection import annual_plans, approvals, nearest, objections, printing, supplements, what_if
from services.api.selection import public as published
from services.api.selection import router as selection
from services.api.surveys import me as own_surveys
from services.api.surveys import public as public_surveys
from services.api.surveys import responses as survey_responses
from services.api.surveys import results as survey_results
from services.api.surveys import router as surveys
from services.api.territory import facilities, reports, reshaping, sheets
from services.api.territory import router as territory
from services.api.votes import ballots, rolls
from services.api.votes import mine as own_votes
from services.api.votes import printing as printed_votes
from services.api.votes import public as public_votes
from services.api.votes import router as votes
from services.api.works import materials as works_materials
from services.api.works import notices as works_notices
from services.api.works import purchases as works_purchases
from services.api.works import reading as _works_reading  # noqa: F401 - says who reads the files of works
from services.api.works import reviews as works_reviews
from services.api.works import router as works
from services.api.works import schedule as works_schedule
from services.api.works import starting as works_starting
from services.api.works import utilities as works_utilities
from services.core.kit import logs
from services.core.kit.database import create_engine
from services.core.kit.settings import Settings, load
from services.core.kit.stores import storage_of
from services.core.kit.uow import Database
from services.core.kit.vault import open_vault
from services.wechat.client import WeChat

# A router's routes carry their whole paths. Where several fit one request, the order decides.
ROUTERS: tuple[APIRouter, ...] = (
    published.router,
    projects.router,
    stages.router,
    plans.router,
    plan_documents.router,
    rollups.router,
    transitions.router,
    facts.router,
    territory.router,
    reports.router,
    reshaping.router,
    facilities.router,
    sheets.router,
    buildings.router,
    properties.router,
    people.router,
    exchange.router,
    files.router,
    checks.router,
    tus.router,
    consultations.router,
    consultation_printing.router,
    lifts.router,
    meetings.router,
    mine.router,
    visits.router,
    warranty.router,
    events.router,
    notifications.router,
    selection.router,
    objections.router,
    what_if.router,
    nearest.router,
    printing.router,
    approvals.router,
    annual_plans.router,
    judgement.router,
    supplements.router,
    surveys.router,
    survey_responses.router,
    survey_results.router,
    own_surveys.router,
    public_surveys.router,
    votes.router,
    rolls.router,
    ballots.router,
    own_votes.router,
    printed_votes.router,
    public_votes.router,
    nearby_complaints.router,
    statistics.router,
    complaints.router,
    complaint_handling.router,
    complaint_timing.router,
    complaint_list.router,
    assignments.router,
    complaint_groups.router,
    complaint_categories.router,
    own_complaints.router,
    after_complaints.router,
    contact_board.router,
    site_form.router,
    published_cases.router,
    public_complaints.router,
    open311.router,
    signing.router,
    me.router,
    own.router,
    todo.router,
    community.router,
    managing.router,
    client_keys.router,
    calculators.router,
    policy.router,
    audit.router,
    desks.router,
    routing_rules.router,
    works.router,
    works_starting.router,
    works_reviews.router,
    works_schedule.router,
    works_utilities.router,
    works_materials.router,
    works_purchases.router,
    works_notices.router,
    health.router,
    metrics.router,
)

DESCRIPTION = """老旧小区改造服务接口。Renewal of old residential compounds: register, projects, competitive selection.

Errors are RFC 9457 problems (`/problems`); writes take `Idempotency-Key`; editable records take `If-Match`."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Opens the pool and the bell, closes both."""
    settings: Settings = app.state.settings
    doorbell = RedisDoorbell(settings.redis_url.get_secret_value())
    engine = create_engine(settings, application="jiugai-api")
    storage = storage_of(settings)
    app.state.database = Database(engine, doorbell=doorbell.ring, vault=open_vault(settings), storage=storage)
    app.state.doorbell = doorbell
    app.state.wechat = wechat = WeChat.of(settings)
    yield
    if wechat is not None:
        await wechat.close()
    await app.state.database.close()
    await doorbell.close()


def create_app(settings: Settings | None = None) -> FastAPI:
    """A new application. Settings come from the environment unless given."""
    settings = settings or load()
    logs.configure(settings.jiugai_log_level)
    app = FastAPI(
        title="Jiugai 旧改",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url="/docs",
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.principals = PrincipalCache(settings.principal_cache_seconds)
    app.state.per_principal = RateLimiter(settings.rate_per_principal_minute, "principal")
    app.state.sign_ins = RateLimiter(settings.sign_in_per_client_minute, "sign-in")
    app.state.statistics = statistics.Counts()
    app.state.complaints = RateLimiter(settings.complaints_per_client_minute, "complaint")
    app.state.open311 = RateLimiter(settings.open311_per_key_minute, "open311")
    problems.install(app)
    app.add_exception_handler(Replay, replay)
    routes = [published.ranking, *(route for router in ROUTERS for route in router.routes)]
    app.router.routes += [Index(routes), *routes]
    app.add_middleware(Gate, settings=settings)
    app.add_middleware(Tus)
    return app
