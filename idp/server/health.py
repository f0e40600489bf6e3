"""Health for load balancers and people on call."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import literal_column, select

from idp.infrastructure.database import DatabaseUnavailable, Statement
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.key_value import KeyValueUnavailable

LIVE = "/health/live"
READY = "/health/ready"
ALIVE = {"status": "ok"}
PING = Statement(select(literal_column("1").label("one")))


class Health(BaseModel):
    """What works."""

    status: Literal["ok", "degraded", "down"]
    database: bool
    key_value: bool


def health(base: Foundation) -> APIRouter:
    """The routes /health/live and /health/ready."""
    router = APIRouter()

    @router.get(LIVE)
    async def live() -> dict[str, str]:
        return ALIVE

    @router.get(READY)
    async def ready(response: Response) -> Health:
        """503 only without the database: without the key-value store those who are logged in still work."""
        database, key_value = await _database(base), await _key_value(base)
        response.status_code = 200 if database else 503
        status: Literal["ok", "degraded", "down"] = "ok" if database and key_value else "degraded"
        return Health(status=status if database else "down", database=database, key_value=key_value)

    return router


async def _database(base: Foundation) -> bool:
    try:
        await base.database.read(fetch(PING()))
    except DatabaseUnavailable:
        return False
    return True


async def _key_value(base: Foundation) -> bool:
    try:
        await base.key_value.get("health", "ping")
    except KeyValueUnavailable:
        return False
    return True
