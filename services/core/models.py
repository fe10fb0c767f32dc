"""Every table of every domain, for Alembic. Nothing else imports this."""

from services.core.kit import audit, events, idempotency, jobs
from services.core.kit.database import Base

TABLES = (audit, events, idempotency, jobs)
metadata = Base.metadata
