"""What people choose in the dialogs of the transformations."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field, ValidationError


class ConversionSettings(BaseModel):
    """Of the conversion of prices."""

    rate: Decimal = Field(default=Decimal(1), gt=0, le=1_000_000, title="Rate of exchange")
    digits: int = Field(default=2, ge=0, le=6, title="Digits after the point")


class MarkingSettings(BaseModel):
    """Of the marking of large amounts."""

    large_from: Decimal = Field(default=Decimal(10_000), gt=0, title="Smallest large amount")


def wrong_settings(error: ValidationError) -> str:
    """Return what is wrong with settings, for the people who chose them in the dialog."""
    problems = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()]
    return f"The settings will not do: {'; '.join(problems)}. Choose them in the dialog of this transformation."


def chosen(request: dict[str, Any] | None) -> dict[str, Any]:
    """Return what was chosen in the dialog, from a transformation request."""
    settings = ((request or {}).get("transformation") or {}).get("settings")
    return settings if isinstance(settings, dict) else {}
