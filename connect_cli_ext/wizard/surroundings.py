"""What the wizard knows before it asks: account, local platform, event types, and what the template can make."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from connect_cli_ext.accounts.remote import API_PATH, RemoteApi
from connect_cli_ext.accounts.store import DEFAULT_ENDPOINT, Account
from connect_cli_ext.discovery import LocalPlatform
from connect_cli_ext.errors import CommandError
from connect_eaas.events import CATALOGUE

__all__ = [
    "AccountKind",
    "EventOption",
    "EventSource",
    "FetchedEvents",
    "KnownEvents",
    "Served",
    "Surroundings",
    "surroundings_for",
]

AccountKind = Literal["vendor", "provider"]

_FETCH_LIMIT_S = 2.0
_PAGE = 100


@dataclass(frozen=True)
class EventOption:
    """An event type that an extension can subscribe to."""

    type: str
    title: str
    category: str
    extension_types: frozenset[str]


class EventSource(Protocol):
    """Where the event types come from."""

    @property
    def origin(self) -> str:
        """For people: who says that these are the event types."""

    def options(self) -> tuple[EventOption, ...]:
        """All event types that are known now. Never waits."""

    def settle(self, *, wait: bool) -> None:
        """Decide on the event types: they stay the same from now on.

        Args:
            wait: give whoever is asked the rest of its time. Without, what is known now counts.
        """


class KnownEvents:
    """The event types that the SDK knows by itself."""

    origin = "the SDK's own catalogue"

    def options(self) -> tuple[EventOption, ...]:
        """Every type of the catalogue."""
        return _catalogue()

    def settle(self, *, wait: bool) -> None:
        """Nothing is open here."""


@functools.cache
def _catalogue() -> tuple[EventOption, ...]:
    return tuple(
        EventOption(event.type, f"{event.group}: {event.name}", event.category, frozenset(event.extension_types))
        for event in CATALOGUE.values()
    )


class FetchedEvents:
    """The platform's own definitions if it answers within two seconds of being asked, else the SDK's catalogue.

    The call runs beside the first questions, so that nobody waits for it. Until it is settled which of both counts,
    what is known at that time is offered.

    Args:
        api: whom to ask.
        platform: its name for people.
        limit_s: how many seconds it has for its answer.
    """

    def __init__(self, api: RemoteApi, platform: str, limit_s: float = _FETCH_LIMIT_S) -> None:
        self._platform = platform
        self._found: tuple[EventOption, ...] = ()
        self._problem = "it did not answer in time"
        self._settled: tuple[tuple[EventOption, ...], str] | None = None
        self._until = monotonic() + limit_s
        self._limit_s = limit_s
        self._thread = threading.Thread(target=self._fetch, args=(api,), name="event-definitions", daemon=True)
        self._thread.start()

    @property
    def origin(self) -> str:
        """The platform, or the catalogue together with what was wrong with the platform."""
        return self._now()[1]

    def options(self) -> tuple[EventOption, ...]:
        """The event types: the platform's as soon as they are there, unless it was settled before."""
        return self._now()[0]

    def settle(self, *, wait: bool) -> None:
        """Decide between the platform and the catalogue; see `EventSource.settle`."""
        if self._settled is None:
            if wait:
                self._thread.join(max(self._until - monotonic(), 0))
            self._settled = self._now()

    def _now(self) -> tuple[tuple[EventOption, ...], str]:
        if self._settled is not None:
            return self._settled
        if not self._thread.is_alive() and self._found:
            return self._found, self._platform
        known = KnownEvents()
        return known.options(), f"{known.origin} ({self._platform}: {self._problem})"

    def _fetch(self, api: RemoteApi) -> None:
        rows: list[dict[str, Any]] = []
        try:
            while True:
                page = api.collection(
                    "devops/event-definitions", limit=_PAGE, offset=len(rows), timeout_s=self._limit_s
                )
                rows += page
                if len(page) < _PAGE:
                    break
        except CommandError as error:
            self._problem = error.message
            return
        self._problem = "it has no event definitions"
        self._found = tuple(_options_of(rows))


def _options_of(rows: Iterable[Mapping[str, Any]]) -> Iterable[EventOption]:
    merged: dict[str, EventOption] = {}
    for row in rows:
        kind, category = row.get("type"), row.get("category")
        # The name becomes a Python function's, so anything else can only be a mistake.
        if not isinstance(kind, str) or not kind.isidentifier() or not isinstance(category, str):
            continue
        # One definition may name several extension types, and one type may have a definition for each of them.
        types = frozenset(str(row.get("extension_type") or "").split("+"))
        before = merged.get(kind)
        title = f"{row.get('group') or 'Other'}: {row.get('name') or kind}"
        merged[kind] = EventOption(kind, title, category, types | (before.extension_types if before else frozenset()))
    return merged.values()


@dataclass(frozen=True)
class Served:
    """What a template can make.

    Args:
        types: values of ``extension_type``.
        features: values of ``application_types``.
        events: the event types that it has handlers for; None if it takes any.
    """

    types: frozenset[str] = frozenset({"products"})
    features: frozenset[str] = frozenset({"events"})
    events: frozenset[str] | None = None


@dataclass(frozen=True)
class Surroundings:
    """Facts that defaults, choices and checks of the steps depend on.

    Args:
        output_dir: where the project's folder will be made.
        force: an older project of the same name may be replaced.
        events: the event types.
        account_kind: vendor or provider, None if unknown.
        server_address, api_key, environment_id: defaults of the answers with these names.
        origin: for people: where these defaults come from; empty if from nowhere.
        served: what the installed template can make.
    """

    output_dir: Path
    events: EventSource
    force: bool = False
    account_kind: AccountKind | None = None
    server_address: str = ""
    api_key: str = field(default="", repr=False)
    environment_id: str = ""
    origin: str = ""
    served: Served = Served()


def surroundings_for(
    account: Account | None,
    platform: LocalPlatform | None,
    *,
    output_dir: Path,
    force: bool,
    served: Served,
    verbose: bool = False,
) -> Surroundings:
    """Find the defaults: those of a running local platform if there is one, else those of the active account."""
    kind: AccountKind | None = None
    if account is not None:
        kind = "vendor" if account.vendor else "provider" if account.provider else None
    server, key, environment, origin = urlsplit(DEFAULT_ENDPOINT).netloc, "", "", ""
    events: EventSource = KnownEvents()
    if platform is not None:
        server, environment = platform.server_address, platform.free_environment_id
        origin = f"the local platform at {platform.url}"
        if platform.api_key:
            key = platform.api_key
            events = FetchedEvents(RemoteApi(platform.url + API_PATH, key, verbose=verbose), origin)
    elif account is not None:
        server, key = urlsplit(account.endpoint).netloc, account.api_key
        origin = f"the account {account.id}"
        events = FetchedEvents(RemoteApi(account.endpoint, key, account.ca_file, verbose=verbose), origin)
    return Surroundings(
        output_dir=output_dir,
        force=force,
        events=events,
        account_kind=kind,
        server_address=server,
        api_key=key,
        environment_id=environment,
        origin=origin,
        served=served,
    )
