"""Whose event types are offered, and that they stay the same once somebody has seen them."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from connect_cli_ext.accounts.remote import RemoteApi
from connect_cli_ext.errors import RemoteError
from connect_cli_ext.wizard.surroundings import FetchedEvents, KnownEvents


class Api:
    """A platform that answers when it is let go."""

    def __init__(self, rows: list[dict[str, Any]], *, refuses: bool = False) -> None:
        self.go = threading.Event()
        self._rows = rows
        self._refuses = refuses

    def collection(self, _path: str, **_options: object) -> list[dict[str, Any]]:
        self.go.wait(30)
        if self._refuses:
            raise RemoteError("http://127.0.0.1/devops/event-definitions", "refused the API key (401)", 401)
        return self._rows


ROW = {"type": "asset_new_thing", "name": "New", "group": "G", "category": "background", "extension_type": "products"}


def fetched(api: Api, limit_s: float = 30) -> FetchedEvents:
    return FetchedEvents(cast("RemoteApi", api), "the account VA-1", limit_s)


def test_until_the_platform_has_answered_the_catalogue_is_offered_and_nobody_waits() -> None:
    api = Api([ROW])
    events = fetched(api)
    assert events.options() == KnownEvents().options()
    api.go.set()
    events.settle(wait=True)
    assert [option.type for option in events.options()] == ["asset_new_thing"]
    assert events.origin == "the account VA-1"


def test_what_is_settled_does_not_change_when_the_answer_comes_late() -> None:
    api = Api([ROW])
    events = fetched(api)
    events.settle(wait=False)
    api.go.set()
    # Settled again, with time to spare: no news.
    events.settle(wait=True)
    assert events.options() == KnownEvents().options()
    assert events.origin == "the SDK's own catalogue (the account VA-1: it did not answer in time)"


def test_whoever_waits_does_not_wait_longer_than_the_limit() -> None:
    api = Api([ROW])
    events = fetched(api, limit_s=0.01)
    events.settle(wait=True)
    assert events.options() == KnownEvents().options()
    api.go.set()


@pytest.mark.parametrize(("api", "reason"), [(Api([], refuses=True), "refused the API key"), (Api([]), "no event")])
def test_a_platform_that_is_of_no_help_is_named(api: Api, reason: str) -> None:
    events = fetched(api)
    api.go.set()
    events.settle(wait=True)
    assert events.options() == KnownEvents().options()
    assert "(the account VA-1: " in events.origin
    assert reason in events.origin
