"""What the households of a campaign said, question by question."""

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from services.core.aftercare import visit_queries
from services.core.surveys.results import Counted
from services.core.surveys.rules import COUNTABLE, question_of

if TYPE_CHECKING:
    import asyncpg


async def counted(driver: "asyncpg.Connection", *, campaign: Mapping[str, Any]) -> list[Counted]:
    """The answers of the households that were met; of one that was met twice, the later ones."""
    questions = [question_of(form) for form in campaign["questions"]]
    cells: dict[str, dict[str, int]] = defaultdict(dict)
    offering = [question.id for question in questions if question.kind in COUNTABLE]
    for row in await driver.fetch(visit_queries.CELLS, campaign["id"], offering):
        cells[row["question"]][row["choice"]] = row["households"]
    answered = {
        row["question"]: row["households"] for row in await driver.fetch(visit_queries.ANSWERED, campaign["id"])
    }
    return [
        Counted(
            question,
            answered.get(question.id, 0),
            {choice: cells[question.id].get(choice, 0) for choice in question.choices},
            None,
        )
        for question in questions
    ]
