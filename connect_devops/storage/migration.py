"""Bring a database to the present form of the tables; alembic is loaded only when there is something to do."""

from __future__ import annotations

from sqlalchemy import Engine

__all__ = ["HEAD", "migrate"]

HEAD = "0001"
"""The newest revision in ``migrations/versions``."""


def migrate(engine: Engine) -> None:
    """Upgrade the database behind ``engine`` to ``HEAD``."""
    raise NotImplementedError
