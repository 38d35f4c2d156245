"""The sandbox over real services: an SQLite file, and PostgreSQL where ``CONNECT_TEST_POSTGRES_URL`` names one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connect_devops.clock import ManualClock
from connect_devops.ids import Ids
from connect_devops.sandbox import World
from connect_devops.services import FernetSecrets, Services, build_services
from connect_devops.services.extensions import Extension, Reference
from connect_devops.storage import open_store
from connect_eaas.events import CATALOGUE
from connect_eaas.protocol.messages import SetupRequest

POSTGRES_URL = os.environ.get("CONNECT_TEST_POSTGRES_URL")
PRODUCT = "PRD-100-200-300"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file without rows, to be copied."""
    path = tmp_path_factory.mktemp("sandbox") / "empty.db"
    open_store(path).close()
    return path


@pytest.fixture(params=["sqlite", *(["postgres"] if POSTGRES_URL else [])])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    if request.param == "sqlite":
        yield Path(shutil.copy(request.getfixturevalue("empty_database"), tmp_path / "devops.db"))
    else:
        with request.getfixturevalue("postgres_database")() as url:
            yield url


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def services(location: Path | str, clock: ManualClock, tmp_path: Path) -> Iterator[Services]:
    store = open_store(location)
    services = build_services(store, clock, ids=Ids(seed=11), secrets=FernetSecrets.in_directory(tmp_path))
    services.accounts.create("Vendor of tests", "vendor")
    yield services
    store.close()


@pytest.fixture
def world(services: Services) -> World:
    return World.over(services)


@pytest.fixture
def extension(services: Services) -> Extension:
    """A fulfilment automation extension that wants every event in every status."""
    owner = services.accounts.owner()
    assert owner is not None
    made = services.extensions.create(
        owner.id, type="products", name="Tested", products=[Reference(PRODUCT, "Product of tests")]
    )
    subscriptions = {
        event.type: list(event.statuses)
        for event in CATALOGUE.values()
        if "products" in event.extension_types and event.category in ("background", "interactive")
    }
    services.environments.record_setup(
        made.environments["development"].id,
        "events",
        SetupRequest.model_validate({"event_subscriptions": subscriptions}),
    )
    return services.extensions.get(made.id)
