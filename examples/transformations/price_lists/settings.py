"""What people choose in the dialogs of the transformations."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field


class ConversionSettings(BaseModel):
    """Of the conversion of prices."""

    rate: Decimal = Field(default=Decimal(1), gt=0, le=1_000_000, title="Rate of exchange")
    digits: int = Field(default=2, ge=0, le=6, title="Digits after the point")


class MarkingSettings(BaseModel):
    """Of the marking of large amounts."""

    large_from: Decimal = Field(default=Decimal(10_000), gt=0, title="Smallest large amount")


def chosen(request: dict[str, Any] | None) -> dict[str, Any]:
    """Return what was chosen in the dialog, from a transformation request."""
    settings = ((request or {}).get("transformation") or {}).get("settings")
    return settings if isinstance(settings, dict) else {}
