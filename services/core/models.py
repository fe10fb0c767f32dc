"""Every table of every domain, for Alembic. Nothing else imports this."""

from services.core.aftercare import models as aftercare
from services.core.aftercare import warranty_models as warranty
from services.core.clocks import models as clocks
from services.core.consultations import models as consultations
from services.core.desks import models as desks
from services.core.exchange import models as exchange
from services.core.facts import models as facts
from services.core.files import models as files
from services.core.hotline import after_models as after_hotline
from services.core.hotline import desk_models as hotline_desks
from services.core.hotline import models as hotline
from services.core.hotline import public_models as public_hotline
from services.core.hotline import retention_models as retention
from services.core.identity import models as identity
from services.core.judgement import models as judgement
from services.core.kit import audit, events, idempotency, jobs
from services.core.kit.database import Base
from services.core.notifications import models as notifications
from services.core.ownership import models as ownership
from services.core.policy import models as policy
from services.core.projects import models as projects
from services.core.residents import models as residents
from services.core.selection import annual_models as annual
from services.core.selection import models as selection
from services.core.surveys import models as surveys
from services.core.territory import models as territory
from services.core.votes import models as votes
from services.core.works import material_models as works_materials
from services.core.works import models as works
from services.core.works import notice_models as works_notices
from services.core.works import review_models as works_reviews
from services.core.works import schedule_models as works_schedule
from services.core.works import starting_models as works_starting

TABLES = (
    after_hotline,
    aftercare,
    annual,
    audit,
    clocks,
    consultations,
    desks,
    events,
    exchange,
    facts,
    hotline,
    hotline_desks,
    files,
    idempotency,
    identity,
    jobs,
    judgement,
    notifications,
    ownership,
    policy,
    projects,
    public_hotline,
    residents,
    retention,
    selection,
    surveys,
    territory,
    votes,
    warranty,
    works,
    works_materials,
    works_notices,
    works_reviews,
    works_schedule,
    works_starting,
)
metadata = Base.metadata
