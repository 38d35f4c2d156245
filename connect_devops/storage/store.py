"""The open database: transactions that threads share safely."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from connect_devops.domain.errors import DataLostError

__all__ = ["Store", "StoreError", "Transaction", "open_store"]

Durability = Literal["NORMAL", "FULL"]

_BUSY_TIMEOUT_MS: Final = 10_000
_CACHE_KIB: Final = 64 * 1024


class StoreError(Exception):
    """The database cannot be opened or is not ours; the text says what to do."""


class Transaction:
    """A running transaction: ``connection`` executes statements, ``on_commit`` is for what must wait for its end."""

    def __init__(self, connection: Connection, *, writing: bool) -> None:
        self.connection: Final = connection
        self.writing: Final = writing
        self._after: deque[Callable[[], None]] = deque()

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` run once the whole transaction is committed, in order of registration."""
        self._after.append(callback)

    def _committed(self) -> None:
        while self._after:
            self._after.popleft()()


class Store:
    """An open database.

    A transaction opened inside another one of the same thread joins it: everything commits or nothing does.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine: Final = engine
        self.on_lost: Callable[[DataLostError], None] | None = None
        """Called, in whichever thread, when the database's file turns out to be gone."""
        self._file = _file_of(engine)
        self._identity = _identity(self._file)
        self.dialect: Final = engine.dialect.name
        self._local = threading.local()
        # SQLite has one writer; waiting here is fair and wakes at once, its own busy handler sleeps and guesses.
        self._writer = threading.Lock() if self.dialect == "sqlite" else None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that may write; commits at the end, rolls back on an exception."""
        with self._open(writing=True) as transaction:
            yield transaction

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that only reads, and never stands in the way of a writer."""
        with self._open(writing=False) as transaction:
            yield transaction

    def close(self) -> None:
        """Close all connections of threads that are done."""
        self.engine.dispose()

    def _make_sure(self) -> None:
        """Raise DataLostError if the file was deleted or replaced: SQLite would go on in the file without a name."""
        if self._file is not None and _identity(self._file) != self._identity:
            error = DataLostError(self._file)
            if self.on_lost is not None:
                self.on_lost(error)
            raise error

    @contextmanager
    def _open(self, *, writing: bool) -> Iterator[Transaction]:
        current: Transaction | None = getattr(self._local, "transaction", None)
        if current is not None:
            if writing and not current.writing:
                raise RuntimeError("A transaction that only reads cannot begin to write: open it with transaction().")
            yield current
            return
        self._make_sure()
        lock = self._writer if writing else None
        if lock is not None:
            lock.acquire()
        try:
            with self.engine.connect() as connection:
                connection.info["writing"] = writing
                with connection.begin():
                    transaction = Transaction(connection, writing=writing)
                    self._local.transaction = transaction
                    try:
                        yield transaction
                    finally:
                        self._local.transaction = None
        except OperationalError:
            # The file may have gone since we looked: then the statement failed in a new, empty one.
            self._make_sure()
            raise
        finally:
            if lock is not None:
                lock.release()
        transaction._committed()


def _file_of(engine: Engine) -> str | None:
    return engine.url.database if engine.dialect.name == "sqlite" else None


def _identity(file: str | None) -> tuple[int, int] | None:
    """What tells a file from another one of the same name; None if there is none."""
    try:
        found = os.stat(file) if file is not None else None  # noqa: PTH116 - asked for each transaction
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)


def open_store(location: Path | str, *, durability: Durability = "NORMAL") -> Store:
    """Open the database, make or upgrade its tables if needed.

    Args:
        location: a file (SQLite, made if missing) or a URL such as ``postgresql+psycopg://user@host/name``.
        durability: of SQLite. ``NORMAL`` loses nothing when a process is killed; after a power cut the last moments may
            be missing, but what remains is consistent. ``FULL`` keeps those too and is much slower.

    Raises:
        StoreError: it cannot be opened, or was made by a newer version of this program.
    """
    from connect_devops.storage.migration import DatabaseTooNewError, migrate

    engine = _engine(location, durability)
    try:
        migrate(engine)
    except DBAPIError as error:
        engine.dispose()
        shown = location if isinstance(location, Path) else engine.url.render_as_string(hide_password=True)
        raise StoreError(f"Cannot use the database {shown}: {error.orig}") from error
    except DatabaseTooNewError as error:
        engine.dispose()
        raise StoreError(str(error)) from None
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)


def _engine(location: Path | str, durability: Durability) -> Engine:
    if isinstance(location, Path):
        url = make_url("sqlite://").set(database=str(location))
    else:
        try:
            url = make_url(location)
        except ArgumentError:
            raise StoreError(f"{location!r} is neither a file nor a database URL.") from None
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "postgresql":
        # Leases rely on what other sessions committed a moment ago; rows are claimed with SKIP LOCKED.
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        raise StoreError("The platform keeps its data in an SQLite file or in PostgreSQL.")
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=20,
        max_overflow=40,
        connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {durability}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred transaction that begins to write later can fail with «busy» at once, whatever the timeout.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.info.pop("writing", True) else "BEGIN")

    return engine
