{% from "events/catalogue.jinja" import with_settings with context %}
{% if with_settings %}
"""What an account chose. It is kept in the settings of its installation, so the extension needs no database."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError


class Settings(BaseModel):
    """The choices of one account."""

    marketplaces: list[str] = []
    """Ids (MP-…) of the marketplaces that the account watches; without any it watches all."""

    @classmethod
    def of(cls, installation: dict[str, Any] | None) -> Settings:
        """Read an installation's settings; what this version cannot read counts for nothing."""
        try:
            return cls.model_validate((installation or {}).get("settings") or {})
        except ValidationError:
            return cls()

    def watches(self, marketplace_id: str) -> bool:
        """Return whether the account wants to hear of what happens in this marketplace."""
        return not self.marketplaces or marketplace_id in self.marketplaces
{% endif %}
