"""What the residents' own answers are worth as facts: counted, unless the people who gave them were made up."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.core.facts.rules import Kind

if TYPE_CHECKING:
    import asyncpg

_MADE_UP = """
SELECT EXISTS (
  SELECT FROM person
  WHERE synthetic
    AND compound_id = ANY (array_append(ARRAY(SELECT compound_id FROM project_compound WHERE project_id = $1), $1))
)
"""


async def kind_of_count(driver: "asyncpg.Connection", subject_id: UUID) -> Kind:
    """The kind of a figure counted among the owners of a compound, or of the compounds of a project.

    A count is only as good as its weakest part: where the register holds people of a demonstration, it is synthetic.
    """
    return Kind.SYNTHETIC if await driver.fetchval(_MADE_UP, subject_id) else Kind.COUNTED
