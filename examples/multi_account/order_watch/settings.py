"""What each account can choose. It is kept in the settings of its installation, so the extension needs no database."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Settings(BaseModel):
    """The choices of one account."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = True
    large_from: int = Field(default=100, ge=1, le=1_000_000, title="Orders of at least so many pieces are large")
    note: str = Field(default="This is a large order.", min_length=1, max_length=500)

    @classmethod
    def of(cls, installation: dict[str, Any]) -> Settings:
        """Read an installation's settings; what an older version wrote and this one cannot read counts for nothing."""
        try:
            return cls.model_validate(installation.get("settings") or {})
        except ValidationError:
            return cls()
