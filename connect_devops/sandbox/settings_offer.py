"""Settings for a triggered transformation that has none: made up, and accepted by the extension's own check."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import anyio
import anyio.to_thread

from connect_devops.domain.errors import DevOpsError
from connect_devops.sandbox.samples.drafts import Draft, NoDraftError, drafts_for, endpoint_of
from connect_devops.sandbox.samples.transformations import STREAM_COLUMNS
from connect_devops.sandbox.transformations import Meant
from connect_devops.sandbox.world import World
from connect_devops.services.web_calls import Caller
from connect_eaas.protocol.messages import HttpRequest, HttpResponse

__all__ = ["SettingsOffer", "offer_settings"]

_SPEC: Final = "/openapi/spec.json"
_PATIENCE: Final = timedelta(seconds=10)


@dataclass(frozen=True)
class SettingsOffer:
    """Settings that were accepted, as changes of the request, and what to tell about them."""

    changes: Mapping[str, Any]
    note: str


async def offer_settings(world: World, meant: Meant) -> SettingsOffer | None:
    """Make settings from what the endpoint of a transformation takes, and have it check them.

    Returns:
        None if the extension is not connected or does not answer soon, or none can be made that it accepts.
    """
    caller = await anyio.to_thread.run_sync(_caller, world, meant)
    offer = None
    # Somebody waits for the request itself, whatever the platform's clock says.
    with anyio.move_on_after(_PATIENCE.total_seconds()), suppress(DevOpsError, NoDraftError):
        offer = await _accepted(world, meant, caller)
    return offer


async def _accepted(world: World, meant: Meant, caller: Caller) -> SettingsOffer | None:
    columns = [{name: value for name, value in column.items() if name != "id"} for column in STREAM_COLUMNS]
    spec = _document(await _call(world, meant, caller, "GET", _SPEC))
    found = endpoint_of(spec, meant.method)
    if found is None:
        return None
    path, schema = found
    for draft in drafts_for(spec, schema, columns):
        answer = await _call(world, meant, caller, "POST", path, draft.body)
        if answer.status < 300:
            return _offer(meant, path, draft, _document(answer))
    return None


def _caller(world: World, meant: Meant) -> Caller:
    """The account that owns the stream, which the request will install the extension for anyway."""
    services = world.services
    account = services.accounts.get(meant.owner_id)
    installation = services.installations.install(meant.environment_id, account.id)
    return Caller(
        api_key=services.installations.api_key(installation.id),
        installation_id=installation.id,
        user_id=f"UR-{account.id.partition('-')[2]}-001",
        account_id=account.id,
        account_role=account.role,
        call_type="admin",
        call_source="ui",
    )


async def _call(world: World, meant: Meant, caller: Caller, method: str, path: str, body: Any = None) -> HttpResponse:
    content = None if body is None else base64.b64encode(json.dumps(body).encode()).decode("ascii")
    headers = {"accept": "application/json", **({} if body is None else {"content-type": "application/json"})}
    request = HttpRequest(method=method, url=path, headers=headers, content=content)
    trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    return await world.services.web_calls.call(meant.environment_id, request, caller, trace=trace, limit=_PATIENCE)


def _document(answer: HttpResponse) -> dict[str, Any]:
    """The JSON object that was answered; empty if it is none."""
    try:
        found = json.loads(base64.b64decode(answer.content or ""))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and answer.status < 300 else {}


def _offer(meant: Meant, path: str, draft: Draft, answer: Mapping[str, Any]) -> SettingsOffer:
    overview = answer.get("overview")
    changes: dict[str, Any] = {
        "transformation.settings": draft.settings,
        "transformation.overview": overview if isinstance(overview, str) else "",
        **{f"transformation.columns.{side}": _listed(columns) for side, columns in draft.columns.items()},
    }
    shown = json.dumps(draft.settings, ensure_ascii=False)
    note = (
        f"'{meant.method}' got settings made up from what {path} takes: {shown}. Choose others in its dialog with "
        "'ccli devops open page', or with --set 'transformation.settings={…}'."
    )
    return SettingsOffer(changes, note)


def _listed(columns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**column, "position": number * 10_000} for number, column in enumerate(columns, 1)]
