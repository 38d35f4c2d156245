"""Back-off, live configuration, state directory, stop requests, and which files a reload watches."""

from __future__ import annotations

import logging
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.protocol.messages import EventDefinition, Logging, LogMeta, SetupResponse, Variable
from connect_eaas.runner.configuration import Configuration
from connect_eaas.runner.connection import Backoff, ConnectionFailedError, RefusedError
from connect_eaas.runner.errors import CredentialsError
from connect_eaas.runner.reload import saved_since, watched
from connect_eaas.runner.state_dir import open_slot, state_root
from connect_eaas.runner.stop import Stop


@given(st.integers(1, 2000), st.sampled_from([None, 401, 404, 502, 503]))
def test_backoff_grows_and_is_bounded(attempts: int, status: int | None) -> None:
    backoff = Backoff()
    failure = None if status is None else RefusedError(status, "ws://x")
    waits = [backoff.next(failure) for _ in range(min(attempts, 30))]

    ceiling = Backoff.longest_refused_s if failure and failure.credentials else Backoff.longest_s
    assert all(0 < wait <= ceiling for wait in waits)
    assert waits[0] < 30
    backoff.reset()
    assert backoff.next(ConnectionFailedError("x")) <= Backoff.first_s


def test_a_restarted_platform_is_found_within_a_second_and_a_long_outage_costs_few_tries() -> None:
    backoff = Backoff(lambda low, high: high)
    waits = [backoff.next() for _ in range(80)]

    assert max(waits[:60]) == 1.0, "a platform that restarts is back within a minute"
    assert waits[-1] == Backoff.longest_s
    assert sum(waits[:60]) <= Backoff.eager_for_s + 1


@pytest.fixture
def levels() -> Any:
    loggers = [logging.getLogger(name) for name in ("eaas", "connect.eaas")]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


def test_null_keeps_and_an_empty_list_empties(levels: None) -> None:
    configuration = Configuration("ENV-1111-2222-03")
    assert configuration.service_id == "SRVC-1111-2222"
    definition = EventDefinition(
        event_type="e", api_resource_endpoint="r/{pk}", api_collection_endpoint="r", api_collection_filter="f"
    )
    configuration.apply(
        SetupResponse(
            variables=[Variable(name="A", value="1"), Variable(name="B", value=None)],
            environment_type="production",
            event_definitions=[definition],
            logging=Logging(log_level="WARNING", runner_log_level="ERROR", meta=LogMeta(service_id="SRVC-9")),
        )
    )
    assert configuration.variables == {"A": "1", "B": None}
    assert configuration.context.extension_id == "SRVC-9"
    assert logging.getLogger("eaas").level == logging.WARNING
    assert logging.getLogger("connect.eaas").level == logging.ERROR

    configuration.apply(SetupResponse())
    assert configuration.variables == {"A": "1", "B": None}
    assert configuration.definition("e") == definition
    assert configuration.environment_type == "production"

    configuration.apply(SetupResponse(variables=[], event_definitions=[]))
    assert configuration.variables == {}
    assert configuration.definition("e") is None
    known = configuration.definition("asset_purchase_request_processing")
    assert known is not None
    assert known.api_collection_endpoint == "requests"


def test_debug_flag_outranks_the_platform(levels: None) -> None:
    logging.getLogger("eaas").setLevel(logging.DEBUG)

    Configuration("ENV-1", debug=True).apply(SetupResponse(logging=Logging(log_level="ERROR")))

    assert logging.getLogger("eaas").level == logging.DEBUG


def test_unknown_log_level_changes_nothing(levels: None) -> None:
    logging.getLogger("eaas").setLevel(logging.INFO)

    Configuration("ENV-1").apply(SetupResponse(logging=Logging(log_level="CHATTY")))

    assert logging.getLogger("eaas").level == logging.INFO


def test_slot_is_kept_and_never_shared(tmp_path: Path) -> None:
    first, second = open_slot(tmp_path, "ENV-1"), open_slot(tmp_path, "ENV-1")
    other = open_slot(tmp_path, "ENV-2")
    instance = first.instance_id()
    assert uuid.UUID(instance)
    assert len({instance, second.instance_id(), other.instance_id()}) == 3

    first.close()
    first.close()
    again = open_slot(tmp_path, "ENV-1")

    assert again.path == first.path
    assert again.instance_id() == instance
    assert again.path.stat().st_mode & 0o077 == 0
    for slot in (again, second, other):
        slot.close()


def test_broken_instance_file_is_replaced(tmp_path: Path) -> None:
    slot = open_slot(tmp_path, "ENV-1")
    (slot.path / "instance").write_text("../../x")

    instance = slot.instance_id()

    assert uuid.UUID(instance)
    assert slot.instance_id() == instance
    slot.close()


def test_state_root_follows_the_desktop_convention(tmp_path: Path) -> None:
    assert state_root({"XDG_STATE_HOME": str(tmp_path)}).parent == tmp_path
    assert state_root({}).is_relative_to(Path.home())


def test_second_signal_forces_but_other_requests_do_not() -> None:
    stop = Stop()
    stop.request("the platform asked")
    stop.request("again")
    assert not stop.forced.is_set()
    assert stop.reason == "the platform asked"

    stop.signal("SIGINT")

    assert stop.forced.is_set()


def test_first_error_is_the_one_reported() -> None:
    stop = Stop()
    first = CredentialsError("key")
    stop.fail(first)
    stop.fail(CredentialsError("other"))

    assert stop.error is first
    assert stop.requested.is_set()


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("a.py", True),
        ("package/extension.json", True),
        (".x_dev.env", True),
        ("package/data.json", False),
        (".venv/lib/a.py", False),
        ("package/__pycache__/a.py", False),
        ("static/node_modules/a.py", False),
        ("/elsewhere/a.py", False),
    ],
)
def test_watched_files(tmp_path: Path, path: str, counts: bool) -> None:
    assert watched(tmp_path / path, tmp_path) == counts


def test_files_saved_after_a_moment_are_found_whatever_date_they_were_given(tmp_path: Path) -> None:
    names = ("old.py", "new.py", "set_back.py", "new.txt", "deep/new.env", ".venv/new.py")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    moment = max((tmp_path / name).stat().st_ctime_ns for name in names)
    assert saved_since(tmp_path, moment) == set()
    # The clock of files is coarse: write until it has moved on.
    for name in names[1:]:
        while (tmp_path / name).stat().st_ctime_ns <= moment:
            (tmp_path / name).write_text("x = 1")
            os.utime(tmp_path / name, ns=(0, 0))

    assert saved_since(tmp_path, moment) == {"new.py", "set_back.py", "deep/new.env"}
