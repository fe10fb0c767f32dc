"""A register of owners as tests need it, straight into its tables: how it is kept is tested where it belongs."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from tests.support.people import Region

ADD_BUILDING = """
INSERT INTO building (id, compound_id, region_path, no, created_at) VALUES ($1, $2, $3, $4, now())
"""
ADD_ENTRANCE = """
INSERT INTO entrance (id, compound_id, region_path, building_id, no, created_at) VALUES ($1, $2, $3, $4, $5, now())
"""
ADD_OWNER = """
INSERT INTO voting_owner (id, compound_id, region_path, kind, set_key, created_at) VALUES ($1, $2, $3, $4, $5, now())
"""
ADD_PROPERTY = """
INSERT INTO property (id, compound_id, region_path, building_id, entrance_id, door_no, kind, area_by_register,
                      voting_owner_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 80, $8, now())
"""
ADD_PERSON = """
INSERT INTO person (id, compound_id, region_path, name_sealed, name_index, surname_index, index_key, created_at)
VALUES ($1, $2, $3, '\\x00', '\\x00', '\\x00', 'test', now())
"""
ADD_MEMBER = "INSERT INTO owner_member (voting_owner_id, person_id) VALUES ($1, $2)"
ADD_TENANCY = """
INSERT INTO tenancy (id, compound_id, region_path, property_id, person_id, since, recorded_at)
VALUES ($1, $2, $3, $4, $5, '2020-01-01', now())
"""
ADD_BINDING = """
INSERT INTO binding (id, resident_id, property_id, person_id, invited_by, kind, assurance, since)
VALUES ($1, $2, $3, $4, $5, $6, 'on_site', now())
"""


class Register:
    """The register of one compound."""

    def __init__(self, database: Database, compound_id: UUID, at: Region) -> None:
        self.database, self.at = database, (compound_id, at.path)

    async def building(self, no: str) -> UUID:
        """A building."""
        made = new_id()
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.execute(ADD_BUILDING, made, *self.at, no)
        return made

    async def entrance(self, building_id: UUID, no: str) -> UUID:
        """An entrance of a building."""
        made = new_id()
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.execute(ADD_ENTRANCE, made, *self.at, building_id, no)
        return made

    async def homes(
        self,
        count: int,
        *,
        building_id: UUID | None = None,
        entrance_id: UUID | None = None,
        kind: str = "dwelling",
        owners: Sequence[UUID] = (),
    ) -> list[UUID]:
        """So many properties; of unknown owners, or all of the same people."""
        made = [new_id() for _ in range(count)]
        unknown = [new_id() for _ in range(1 if owners else count)]
        sort = "persons" if owners else "unknown"
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.executemany(ADD_OWNER, [(one, *self.at, sort, uuid4().hex) for one in unknown])
            await uow.driver.executemany(ADD_MEMBER, [(unknown[0], person) for person in owners])
            await uow.driver.executemany(
                ADD_PROPERTY,
                [
                    (one, *self.at, building_id, entrance_id, uuid4().hex[:8], kind, unknown[index % len(unknown)])
                    for index, one in enumerate(made)
                ],
            )
        return made

    async def person(self) -> UUID:
        """Somebody."""
        made = new_id()
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.execute(ADD_PERSON, made, *self.at)
        return made

    async def tenant(self, property_id: UUID) -> UUID:
        """Somebody who rents a property."""
        made = await self.person()
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.execute(ADD_TENANCY, new_id(), *self.at, property_id, made)
        return made

    async def bind(
        self,
        resident_id: UUID,
        property_id: UUID,
        *,
        person: UUID | None = None,
        invited_by: UUID | None = None,
        kind: str = "owner",
    ) -> UUID:
        """A resident stands for a property, as a person of the register or as family of who does."""
        made = new_id()
        async with self.database.begin(SYSTEM) as uow:
            await uow.driver.execute(ADD_BINDING, made, resident_id, property_id, person, invited_by, kind)
        return made
