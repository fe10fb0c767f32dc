"""Routes of identity."""

from fastapi import APIRouter

from services.api.identity import managing, me, signing

router = APIRouter()
router.include_router(signing.router)
router.include_router(me.router)
router.include_router(managing.router)
