"""Databases on the PostgreSQL server that ``CONNECT_TEST_POSTGRES_URL`` names."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest


class _Schemas:
    """Schemas with the platform's tables: migrated once, emptied after each use, because to migrate takes long."""

    def __init__(self, location: str) -> None:
        from sqlalchemy import create_engine, make_url

        self._url = make_url(location).set(drivername="postgresql+psycopg")
        self._admin = create_engine(self._url)
        self._free: list[str] = []
        self._made: list[str] = []

    @contextmanager
    def lend(self) -> Iterator[str]:
        """Give the URL of an empty database, which nobody else has until the end."""
        schema = self._free.pop() if self._free else self._make()
        yield self._url_of(schema)
        self._run(self._emptying(schema))
        self._free.append(schema)

    def drop(self) -> None:
        """Remove all of them."""
        for schema in self._made:
            self._run(f"DROP SCHEMA {schema} CASCADE")
        self._admin.dispose()

    def _make(self) -> str:
        from connect_devops.storage import open_store

        schema = f"t{uuid.uuid4().hex}"
        self._run(f"CREATE SCHEMA {schema}")
        self._made.append(schema)
        open_store(self._url_of(schema)).close()
        return schema

    def _emptying(self, schema: str) -> str:
        """What makes it as it was after the migration. TRUNCATE would take ten times as long for so few rows."""
        from connect_devops.storage.tables import metadata

        rows = [f"DELETE FROM {schema}.{table.name}" for table in reversed(metadata.sorted_tables)]
        counters = (
            "SELECT setval(concat(schemaname, '.', sequencename), start_value, false) "
            f"FROM pg_sequences WHERE schemaname = '{schema}'"
        )
        return ";".join([*rows, counters])

    def _url_of(self, schema: str) -> str:
        url = self._url.update_query_dict({"options": f"-csearch_path={schema}"})
        return url.render_as_string(hide_password=False)

    def _run(self, statements: str) -> None:
        with self._admin.begin() as connection:
            connection.exec_driver_sql(statements)


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[Callable[[], AbstractContextManager[str]]]:
    """``with postgres_database() as url`` gives an empty database; skipped where there is no server."""
    location = os.environ.get("CONNECT_TEST_POSTGRES_URL")
    if location is None:
        pytest.skip("CONNECT_TEST_POSTGRES_URL names no PostgreSQL server")
    schemas = _Schemas(location)
    yield schemas.lend
    schemas.drop()
