"""How many tasks a second the queue takes in, hands out and settles, against plain SQLite in the same run.

Absolute numbers depend on the machine, ratios less so.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connect_devops.clock import ManualClock
from connect_devops.services import FernetSecrets, build_services
from connect_devops.services.lease import Answer
from connect_devops.services.queue import NewTask
from connect_devops.storage import open_store
from connect_eaas.protocol.messages import TaskOutput

EVENT = "asset_purchase_request_processing"
BATCH = 100


@contextmanager
def timed(what: str, count: int) -> Iterator[None]:
    begun, used = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - begun, time.process_time() - used
    print(f"{what:<52} {count / wall:>9,.0f}/s   {cpu / count * 1e6:>6,.0f} µs CPU each")


def run(count: int = 5000) -> None:
    """Measure with ``count`` tasks; print rates and CPU time."""
    directory = Path(tempfile.mkdtemp())
    services = build_services(
        open_store(directory / "data.db"), ManualClock(), secrets=FernetSecrets.in_directory(directory)
    )
    owner = services.accounts.create("Benchmark", "vendor")
    extension = services.extensions.create(owner.id, type="products", name="Benchmark")
    key = extension.environments["development"].id
    plain = sqlite3.connect(directory / "plain.db", isolation_level=None)
    plain.execute("PRAGMA journal_mode = WAL")
    plain.execute("PRAGMA synchronous = NORMAL")
    plain.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, id TEXT, status TEXT)")
    with timed("reference: plain insert, own transaction", count):
        for number in range(count):
            plain.execute("INSERT INTO rows (id, status) VALUES (?, 'scheduled')", (str(number),))
    with timed("submit, own transaction", count):
        for number in range(count):
            services.queue.submit(NewTask(key, "background", EVENT, f"PR-{number}"))
    with timed(f"submit, {BATCH} a transaction", count):
        for first in range(count, 2 * count, BATCH):
            services.queue.submit_many(
                [NewTask(key, "background", EVENT, f"PR-{number}") for number in range(first, first + BATCH)]
            )
    done = TaskOutput(result="success", runtime=0.1)
    with timed("lease one and settle it, own transactions", count):
        for _ in range(count):
            [leased] = services.leases.lease(key, ["background", "scheduled"], "session", "INS-1", 1)
            services.leases.settle(leased.task_id, leased.lease_id, done)
    with timed(f"lease {BATCH} and settle {BATCH}, two transactions", count):
        while leased_many := services.leases.lease(key, ["background", "scheduled"], "session", "INS-1", BATCH):
            services.leases.settle_many([Answer(item.task_id, item.lease_id, done) for item in leased_many])
    with timed("newest 50, by key", 100):
        for _ in range(100):
            services.queue.page(key, limit=50, before=count, total=False)
    with timed("next_due", 100):
        for _ in range(100):
            services.timekeeper.next_due()
