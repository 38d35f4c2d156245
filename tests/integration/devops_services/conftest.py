"""Real services over a real database: an SQLite file, and PostgreSQL where ``CONNECT_TEST_POSTGRES_URL`` names one."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connect_devops.clock import ManualClock
from connect_devops.ids import Ids
from connect_devops.services import FernetSecrets, Services, build_services
from connect_devops.services.extensions import Extension, Reference
from connect_devops.storage import Store, open_store
from connect_eaas.protocol.messages import SetupRequest

POSTGRES_URL = os.environ.get("CONNECT_TEST_POSTGRES_URL")
PRODUCT = "PRD-100-200-300"
PURCHASE = "asset_purchase_request_processing"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file without rows, to be copied."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    open_store(path).close()
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "postgres" and POSTGRES_URL is None:
        pytest.skip("CONNECT_TEST_POSTGRES_URL names no PostgreSQL server")
    return str(request.param)


@pytest.fixture
def new_store(request: pytest.FixtureRequest, backend: str, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens a new, empty database each time it is called."""
    with ExitStack() as stack:

        def sqlite() -> Path:
            return Path(shutil.copy(request.getfixturevalue("empty_database"), tmp_path / f"{uuid.uuid4().hex}.db"))

        def postgres() -> str:
            return str(stack.enter_context(request.getfixturevalue("postgres_database")()))

        def make() -> Store:
            store = open_store(sqlite() if backend == "sqlite" else postgres())
            stack.callback(store.close)
            return store

        yield make


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(new_store: Callable[[], Store]) -> Store:
    return new_store()


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> FernetSecrets:
    return FernetSecrets.in_directory(tmp_path_factory.mktemp("secrets"))


@pytest.fixture
def services(store: Store, clock: ManualClock, secrets: FernetSecrets) -> Services:
    return build_services(store, clock, ids=Ids(seed=7), secrets=secrets)


@pytest.fixture
def extension(services: Services) -> Extension:
    return make_extension(services)


def make_extension(services: Services) -> Extension:
    """A fulfilment automation extension of one product, whose development environment wants pending purchases."""
    owner = services.accounts.create("Vendor of tests", "vendor")
    extension = services.extensions.create(
        owner.id, type="products", name="Tested", products=[Reference(PRODUCT, "Product of tests")]
    )
    services.environments.record_setup(
        extension.environments["development"].id,
        "events",
        SetupRequest.model_validate(
            {
                "event_subscriptions": {
                    PURCHASE: ["pending"],
                    "asset_purchase_request_validation": ["draft"],
                    "product_custom_event_processing": [],
                },
                "schedulables": [{"method": "nightly", "name": "Nightly", "description": ""}],
                "variables": [{"name": "GREETING", "initial_value": "hello"}],
            }
        ),
    )
    return extension


@pytest.fixture
def environment_id(extension: Extension) -> str:
    return extension.environments["development"].id
