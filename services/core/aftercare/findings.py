"""What was found when households were visited becomes complaints: through the intake of every channel, each finding once."""

from uuid import UUID

from services.core.aftercare import visit_queries
from services.core.aftercare.events import FindingTaken
from services.core.hotline import intake
from services.core.hotline.intake import Finding, Intake, Reporter, Taken, Where
from services.core.hotline.rules import Channel
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork


async def take_in(
    uow: UnitOfWork,
    *,
    scope: Scope,
    campaign_id: UUID,
    attempt_id: UUID,
    number: int,
    category: str,
    description: str,
    phone: str | None,
) -> Taken:
    """A finding of an attempt becomes a complaint of its household, also once the campaign is over; the same again is the one that
    stands.

    NotFound; FindingDiffers when it comes again in other words; see `intake.take_in`.
    """
    campaign = await visit_queries.campaign_of(uow.driver, scope=scope, campaign_id=campaign_id)
    attempt = await uow.driver.fetchrow(visit_queries.ATTEMPT, campaign_id, attempt_id)
    if attempt is None:
        raise NotFound
    taken = await intake.take_in(
        uow,
        Intake(
            channel=Channel.VISIT,
            category=category,
            description=description,
            where=Where(campaign["compound_id"], campaign["project_id"]),
            reporter=Reporter(property_id=attempt["property_id"], phone=phone),
            finding=Finding(attempt_id, number),
        ),
        scope=scope,
    )
    if not taken.repeated:
        uow.record(
            FindingTaken(attempt_id=attempt_id, finding=number, complaint_id=taken.id),
            subject="visit_campaign",
            subject_id=campaign_id,
            region_path=campaign["region_path"],
        )
    return taken
