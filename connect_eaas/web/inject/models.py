"""Values for endpoints."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

__all__ = ["Context"]


class Context(BaseModel):
    """Who calls, from where, and in which environment.

    ``call_type`` is ``admin`` if the caller's account owns the extension.
    """

    extension_id: str | None = None
    environment_id: str | None = None
    environment_type: Literal["development", "test", "production"] | None = None
    installation_id: str | None = None
    tier_account_id: str | None = None
    user_id: str | None = None
    account_id: str | None = None
    account_role: str | None = None
    call_source: Literal["ui", "api"] | None = None
    call_type: Literal["admin", "user"] | None = None
