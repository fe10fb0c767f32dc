"""Open311 GeoReport v2: requests handed over by other systems, through the same intake as everybody's (docs/adr/0032).

What clients hand over beyond our fields becomes the reporter's own addition, sealed; nothing is lost and nothing is fetched.
"""

from dataclasses import astuple, dataclass
from uuid import UUID

from services.core.hotline import open311_rules, speaking
from services.core.hotline.errors import CategoryUnknown
from services.core.hotline.intake import Intake, Reporter, Taken, Where, take_in
from services.core.hotline.open311_errors import JurisdictionUnknown, RequestInputInvalid, ServiceUnknown
from services.core.hotline.rules import Channel
from services.core.hotline.speaking import Own
from services.core.kit.geo import Place
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

REGION = "SELECT id, path FROM region WHERE valid_to IS NULL AND (code = $1 OR $1::text IS NULL AND path = $2)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a client hands over of one request. `jurisdiction`: a region's code; `address_id`: a compound.

    `device`, `account`: the reporter's at the client; they tell repetitions apart and are not kept. `beyond`: lines of what our
    fields do not hold.
    """

    service_code: str
    jurisdiction: str | None
    description: str
    address: str | None
    address_id: UUID | None
    place: Place | None
    name: str | None
    phone: str | None
    device: str | None
    account: str | None
    beyond: tuple[str, ...]

    def told_apart_by(self) -> list[str | None]:
        """Everything that is said, as text."""
        return [None if part is None else str(part) for part in astuple(self)]


async def post(uow: UnitOfWork, said: Said, *, client_id: UUID, scope: Scope) -> Taken:
    """Takes a request in; the same of the same client within the hour is the one that stands.

    JurisdictionUnknown for a region outside the client's scope, NotFound for a compound outside of it or of the jurisdiction;
    ServiceUnknown; AnonymousRefused; RequestInputInvalid where it cannot be told in which region it is.
    """
    region_id, within = await _where(uow, said, scope)
    key, former_key = open311_rules.same_keys(str(client_id), said.told_apart_by(), uow.now)
    intake = Intake(
        channel=Channel.OPEN311,
        category=said.service_code,
        description=said.description,
        where=Where(compound_id=said.address_id, region_id=region_id),
        reporter=Reporter(name=said.name, phone=said.phone, key=key, former_key=former_key),
        address=said.address,
        place=said.place,
    )
    try:
        taken = await take_in(uow, intake, scope=within)
    except CategoryUnknown as unknown:
        raise ServiceUnknown from unknown
    if said.beyond and not taken.repeated:
        await speaking.add(uow, Own(code=taken.code), text="\n".join(said.beyond))
    return taken


async def _where(uow: UnitOfWork, said: Said, scope: Scope) -> tuple[UUID | None, Scope]:
    """The region that it is said of, and where its compound may lie."""
    if said.jurisdiction is not None:
        region = await uow.driver.fetchrow(REGION, said.jurisdiction, None)
        if region is None or not scope.covers(region["path"]):
            raise JurisdictionUnknown
        return region["id"], scope.within(region["path"])
    if said.address_id is not None:
        return None, scope
    if len(scope.paths) != 1:
        raise RequestInputInvalid.at(
            "/jurisdiction_id", zh="该密钥覆盖多个地区，须指明", en="is needed: this api_key serves several regions"
        )
    region = await uow.driver.fetchrow(REGION, None, scope.paths[0])
    if region is None:
        raise JurisdictionUnknown
    return region["id"], scope
