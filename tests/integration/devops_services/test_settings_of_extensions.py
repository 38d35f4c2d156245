"""Accounts, extensions, environments, variables, installations and who is told of what."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from connect_devops.clock import ManualClock
from connect_devops.domain.errors import NotFoundError, RuleError, ValidationError
from connect_devops.services import FernetSecrets, SecretsError, Services, build_services
from connect_devops.services.extensions import Extension, Reference
from connect_devops.services.signals import ConfigurationChanged, Signal
from connect_devops.storage import Store, StoreError, open_store
from connect_devops.storage.migration import HEAD, MIGRATIONS
from connect_devops.storage.tables import metadata
from connect_eaas.protocol.messages import SetupRequest

from .conftest import PRODUCT, PURCHASE, make_extension


def test_a_key_proves_its_account_until_it_is_revoked(services: Services) -> None:
    account = services.accounts.create("Vendor", "vendor")
    key = services.accounts.create_key(account.id, "tests")
    identity = services.accounts.authenticate(key.token)
    assert identity is not None
    assert identity.account == account
    assert key.token.startswith(f"ApiKey {key.id}:")
    assert key.token not in repr(key)
    for wrong in (
        None,
        "",
        "ApiKey",
        key.token[:-1],
        f"{key.token}x",
        "ApiKey SU-1:x",
        key.token.replace("ApiKey", "Bearer"),
    ):
        assert services.accounts.authenticate(wrong) is None
    with services.store.reading() as transaction:
        digest = transaction.connection.execute(text("SELECT digest FROM api_keys")).scalar_one()
    assert key.token.partition(":")[2] not in digest
    services.accounts.revoke_key(key.id)
    assert services.accounts.authenticate(key.token) is None


@pytest.mark.parametrize(
    ("role", "fields", "wrong"),
    [
        ("vendor", {"type": "hub", "name": "x", "hub": Reference("HB-1")}, "type"),
        ("distributor", {"type": "products", "name": "x"}, "type"),
        ("reseller", {"type": "hub", "name": "x"}, "hub.id"),
        ("vendor", {"type": "multiaccount", "name": "x"}, "package_id"),
        ("vendor", {"type": "multiaccount", "name": "x", "package_id": "one"}, "package_id"),
        ("vendor", {"type": "products", "name": " "}, "name"),
        ("vendor", {"type": "products", "name": "x" * 257}, "name"),
        ("vendor", {"type": "other", "name": "x"}, "type"),
    ],
)
def test_a_wrong_extension_names_the_field(
    services: Services, role: str, fields: dict[str, object], wrong: str
) -> None:
    owner = services.accounts.create("Owner", role)  # type: ignore[arg-type]
    with pytest.raises(ValidationError) as caught:
        services.extensions.create(owner.id, **fields)  # type: ignore[arg-type]
    assert wrong in [field for field, _ in caught.value.errors]
    assert services.extensions.page().total == 0


def test_an_extension_has_three_environments_and_goes_only_when_they_rest(
    services: Services, extension: Extension
) -> None:
    digits = extension.id.removeprefix("SRVC-")
    assert [item.id for item in extension.environments.values()] == [f"ENV-{digits}-0{n}" for n in (1, 2, 3)]
    development = extension.environments["development"]
    assert services.environments.get(development.external_id.upper()) == services.environments.get(development.id)
    session = services.environments.open_session(development.id, "container", "events")
    assert services.environments.get(development.id).status == "connected"
    with pytest.raises(RuleError, match="development is connected"):
        services.extensions.delete(extension.id)
    with pytest.raises(RuleError, match="mode"):
        services.environments.update(development.id, {"runtime": "cloud"})
    services.environments.close_session(session.id)
    assert services.environments.get(development.id).status == "disconnected"
    again = services.environments.open_session(development.id, "container", "events")
    assert again.instance_id == session.instance_id
    services.environments.close_session(again.id)
    services.events.object_changed(PURCHASE, "PR-1", "pending", product_id=PRODUCT)
    services.extensions.delete(extension.id)
    with pytest.raises(NotFoundError):
        services.environments.get(development.id)
    assert services.queue.page().total == 0


def test_a_setup_that_says_nothing_of_a_field_leaves_it(services: Services, environment_id: str) -> None:
    pages = {"settings": {"label": "Settings", "url": "/static/settings.html"}}
    services.environments.record_setup(environment_id, "webapp", SetupRequest(ui_modules=pages, runner_version="1"))
    environment = services.environments.get(environment_id)
    assert environment.declared.ui_modules == pages
    assert environment.declared.event_subscriptions[PURCHASE] == ("pending",)
    assert environment.features.event_processing_available
    assert environment.features.web_app_available
    services.environments.record_setup(environment_id, "events", SetupRequest(event_subscriptions={}))
    assert services.events.object_changed(PURCHASE, "PR-1", "pending", product_id=PRODUCT) == []


def test_declared_variables_are_made_once_and_reach_runners_in_clear(services: Services, environment_id: str) -> None:
    [declared] = services.variables.page(environment_id).items
    services.variables.update(environment_id, declared.id, value="bonjour")
    secret = services.variables.create(environment_id, name="TOKEN", value="s3cret", secure=True)
    assert secret.value == "*****"
    setup = SetupRequest(variables=[{"name": "GREETING", "initial_value": "x"}, {"name": "MORE"}, {"name": "no name"}])
    services.environments.record_setup(environment_id, "events", setup)
    configuration = services.environments.setup_configuration(environment_id)
    assert {item.name: item.value for item in configuration.variables or []} == {
        "GREETING": "bonjour",
        "MORE": "",
        "TOKEN": "s3cret",
    }
    assert configuration.logging is not None
    assert configuration.logging.meta is not None
    assert configuration.logging.meta.products == [PRODUCT]
    with services.store.reading() as transaction:
        kept = transaction.connection.execute(text("SELECT value FROM variables WHERE name = 'TOKEN'")).scalar_one()
    assert "s3cret" not in kept


def test_of_a_secured_variable_only_the_value_changes(services: Services, environment_id: str) -> None:
    variable = services.variables.create(environment_id, name="TOKEN", value="one", secure=True)
    with pytest.raises(ValidationError, match="secure"):
        services.variables.update(environment_id, variable.id, secure=False)
    services.variables.update(environment_id, variable.id, value="two")
    clear = services.environments.setup_configuration(environment_id).variables
    assert "two" in [item.value for item in clear or []]
    for name, value in (("1x", "v"), ("a b", "v"), ("x" * 257, "v"), ("ok", ""), ("ok", "v" * 21_961), ("TOKEN", "v")):
        with pytest.raises(ValidationError):
            services.variables.create(environment_id, name=name, value=value)
    services.variables.delete(environment_id, variable.id)
    with pytest.raises(NotFoundError):
        services.variables.get(environment_id, variable.id)


def test_changed_configuration_is_marked_until_it_is_applied(services: Services, environment_id: str) -> None:
    heard: list[Signal] = []
    services.signals.subscribe(heard.append)
    services.variables.create(environment_id, name="NEW", value="v")
    assert services.environments.get(environment_id).configuration_changed
    assert ConfigurationChanged(environment_id) not in heard
    services.environments.apply_configuration(environment_id)
    assert not services.environments.get(environment_id).configuration_changed
    assert ConfigurationChanged(environment_id) in heard
    heard.clear()
    assert services.environments.set_log_level(environment_id, "debug").log_level == "DEBUG"
    assert ConfigurationChanged(environment_id) in heard
    with pytest.raises(ValidationError, match="log_level"):
        services.environments.set_log_level(environment_id, "LOUD")


def test_git_settings_keep_the_password_to_themselves(services: Services, environment_id: str) -> None:
    git = {"url": "https://git.example.com/x.git", "tag": "1.0", "auth": {"username": "me", "password": "hidden"}}
    environment = services.environments.update(environment_id, {"git": git})
    assert environment.git is not None
    assert environment.git.has_password
    assert "hidden" not in repr(environment)
    kept = services.environments.update(environment_id, {"git": {"url": git["url"], "tag": "1.1"}})
    assert kept.git is not None
    assert (kept.git.tag, kept.git.has_password) == ("1.1", True)
    moved = services.environments.update(environment_id, {"git": {"url": "https://other.example.com/x.git"}})
    assert moved.git is not None
    assert not moved.git.has_password
    with pytest.raises(ValidationError, match=r"git\.url"):
        services.environments.update(environment_id, {"git": {"url": "ssh:nowhere"}})


def test_only_those_concerned_are_told(services: Services, extension: Extension) -> None:
    told = services.events.object_changed(PURCHASE, "PR-1", "pending", product_id=PRODUCT)
    assert [item.task.environment_id for item in told] == [extension.environments["development"].id]
    assert services.events.object_changed(PURCHASE, "PR-2", "approved", product_id=PRODUCT) == []
    assert services.events.object_changed(PURCHASE, "PR-2", "pending", product_id="PRD-9") == []
    assert (
        services.events.object_changed("asset_change_request_processing", "PR-2", "pending", product_id=PRODUCT) == []
    )
    [validator] = services.events.subscribers("asset_purchase_request_validation", product_id=PRODUCT)
    assert validator.id == extension.environments["development"].id
    assert services.events.subscribers("asset_purchase_request_validation", product_id="PRD-9") == []


def test_each_installation_of_an_account_concerned_gets_a_task_with_its_key(services: Services) -> None:
    owner = services.accounts.create("Vendor", "vendor")
    users = [services.accounts.create(f"Reseller {n}", "reseller") for n in range(3)]
    extension = services.extensions.create(owner.id, type="multiaccount", name="Multi", package_id="com.example.multi")
    environment_id = extension.environments["production"].id
    subscriptions = {PURCHASE: ["pending"], "installation_status_change": ["installed", "uninstalled"]}
    services.environments.record_setup(environment_id, "events", SetupRequest(event_subscriptions=subscriptions))
    installed = [services.installations.install(environment_id, user.id) for user in users]
    assert services.installations.install(environment_id, users[0].id) == installed[0]
    assert services.queue.page(environment_id).total == 3
    services.installations.uninstall(installed[2].id)
    told = services.events.object_changed(PURCHASE, "PR-1", "pending", account_ids=[users[1].id, users[2].id])
    assert [item.task.installation_id for item in told] == [installed[1].id]
    leased = services.leases.lease(environment_id, ["background"], "session", None, 10)
    [mine] = [item for item in leased if item.event_type == PURCHASE]
    identity = services.accounts.authenticate(mine.api_key)
    assert identity is not None
    assert (identity.account, identity.installation_id) == (users[1], installed[1].id)
    assert mine.api_key not in repr(mine)


def test_the_migrations_make_exactly_the_tables_in_the_code(store: Store) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path, empty_database: Path) -> None:
    path = tmp_path / "newer.db"
    path.write_bytes(empty_database.read_bytes())
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="9999"):
        open_store(path)


@pytest.mark.parametrize("location", ["mysql://host/x", "sqlite://", "no url at all"])
def test_a_location_that_is_no_database_is_refused(location: str) -> None:
    with pytest.raises(StoreError):
        open_store(location)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear database, " * 1000)
    with pytest.raises(StoreError, match=r"letter\.txt"):
        open_store(path)


def test_the_key_file_is_private_and_its_loss_is_told(
    tmp_path: Path, new_store: Callable[[], Store], clock: ManualClock
) -> None:
    FernetSecrets.in_directory(tmp_path)
    key = tmp_path / "secret.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    store = new_store()
    before = build_services(store, clock, secrets=FernetSecrets.in_directory(tmp_path))
    extension = make_extension(before)
    key.unlink()
    after = build_services(store, clock, secrets=FernetSecrets.in_directory(tmp_path))
    with pytest.raises(SecretsError, match="old key file"):
        after.extensions.get(extension.id)
    key.write_text("nonsense")
    with pytest.raises(SecretsError, match=r"secret\.key"):
        FernetSecrets.in_directory(tmp_path)
