"""What everybody may read of projects."""

from fastapi import APIRouter

from services.api.projects.schemas import TransitionOut, TransitionsOut
from services.core.projects.rules import ACTION_TITLES, MOVES, STAGE_TITLES

router = APIRouter(prefix="/public", tags=["public"])


@router.get("/project-transitions")
async def get_transitions() -> TransitionsOut:
    """Every move that a project can make; there is no other."""
    return TransitionsOut(
        stages={stage: _told(titles) for stage, titles in STAGE_TITLES.items()},
        actions={action: _told(titles) for action, titles in ACTION_TITLES.items()},
        transitions=[
            TransitionOut(action=action, from_stage=before, to_stage=after) for (action, before), after in MOVES.items()
        ],
    )


def _told(titles: tuple[str, str]) -> dict[str, str]:
    return dict(zip(("zh", "en"), titles, strict=True))
