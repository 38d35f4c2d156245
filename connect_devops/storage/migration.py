"""Bring a database to the present form of the tables; alembic is loaded only when there is something to do."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

__all__ = ["HEAD", "MIGRATIONS", "DatabaseTooNewError", "migrate"]

HEAD: Final = "0004"
"""The newest revision in ``migrations/versions``; a test compares it with the files."""
MIGRATIONS: Final = Path(__file__).parent / "migrations"


class DatabaseTooNewError(Exception):
    """The database was made by a newer version of this program. Upgrade the program, or use another data directory."""

    def __str__(self) -> str:
        return (
            f"The database has revision {self.args[0]}, this program knows up to {HEAD}: "
            "upgrade the program or use another data directory."
        )


def migrate(engine: Engine) -> None:
    """Upgrade the database behind ``engine`` to ``HEAD``, in one transaction.

    Raises:
        DatabaseTooNewError: its revision is unknown here.
    """
    with engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
    # Alembic costs more to import than the whole check.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.connect() as connection, connection.begin():
        # Two platforms may start at once: look again, now that nobody else can write.
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(1129270100)"))
        present = _revision(connection)
        if present == HEAD:
            return
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if present is not None and present not in known:
            raise DatabaseTooNewError(present)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
