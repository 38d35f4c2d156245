"""Transformation requests of billing and pricing streams: their life, and the tasks that they make.

A request belongs to a function, that is a method which a runner declared. What a runner does with a request:
``reference/websocket-protocol.md`` section 6.4; how the rest of the platform sees it: ``reference/devops-api.md`` 6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connect_devops.domain.account import Identity
from connect_devops.domain.errors import NotFoundError, RuleError, ValidationError
from connect_devops.rql import read_list_request
from connect_devops.sandbox import body, kinds, media
from connect_devops.sandbox.kinds import Kind
from connect_devops.sandbox.machines import TRANSFORMATION_REQUEST
from connect_devops.sandbox.media import MediaFolder
from connect_devops.sandbox.paths import value_at
from connect_devops.sandbox.samples.words import Words
from connect_devops.sandbox.samples.workbook import sample_rows, write_workbook
from connect_devops.sandbox.world import World
from connect_devops.services.dialogs import kept_choice
from connect_devops.services.environments import Environment
from connect_devops.services.extensions import Extension
from connect_devops.services.queue import NewTask, Submission

__all__ = ["BATCHES", "REQUESTS", "TRANSFORMATIONS", "Meant", "act", "functions", "start", "update", "without_settings"]

REQUESTS: Final = (kinds.BILLING_REQUESTS, kinds.PRICING_REQUESTS)
"""The kinds of transformation requests."""
BATCHES: Final[Mapping[str, Kind]] = {
    kinds.BILLING_REQUESTS.collection: kinds.BILLING_BATCHES,
    kinds.PRICING_REQUESTS.collection: kinds.PRICING_BATCHES,
}
"""Whose batches they are in, by the collection of requests."""

TRANSFORMATIONS: Final = ("billing_transformation_request", "pricing_transformation_request")
"""Their event types."""

_MAX_ROWS: Final = 1_000_000
_SOME: Final = read_list_request("limit=100")


def functions(world: World, extensions: Iterable[Extension] | None = None) -> list[dict[str, Any]]:
    """The transformation functions that runners declared, stored so that lists find them."""
    found = []
    with world.services.store.transaction():
        for extension in world.services.extensions.page().items if extensions is None else extensions:
            for environment in extension.environments.values():
                for declared in environment.declared.transformations:
                    function = _function(world, extension, environment, declared)
                    world.store(kinds.TRANSFORMATION_FUNCTIONS, function)
                    found.append(function)
    return found


def _function(
    world: World, extension: Extension, environment: Environment, declared: Mapping[str, Any]
) -> dict[str, Any]:
    # The same method of the same environment keeps its id.
    digest = hashlib.sha256(f"{environment.id}/{declared['method']}".encode()).hexdigest()
    number = str(int(digest, 16))
    return {
        "id": f"TRF-{number[:4]}-{number[4:8]}-{number[8:12]}",
        "status": "active",
        "method": declared["method"],
        "name": declared["name"],
        "description": declared.get("description") or "",
        "ui": {"edit_dialog": declared.get("edit_dialog_ui")},
        "manual": bool(declared.get("manual")),
        "environment": {
            "id": environment.id,
            "type": environment.type,
            "extension": {"id": extension.id, "name": extension.name, "package": extension.package_id},
        },
        "events": {"created": {"at": world.now()}, "updated": {"at": world.now()}},
    }


def start(
    world: World, kind: Kind, doc: dict[str, Any], extensions: Sequence[Extension], event_type: str
) -> tuple[list[Submission], list[str]]:
    """Store a request, with a spreadsheet if it has none, and send it to the extension that has its function.

    ``transformation.method`` names the method; without it the first one that is not manual is taken, those of connected
    environments first. Manual ones are stored for people and make no task.

    Returns:
        The tasks, and remarks: why there are none, or that settings are missing.

    Raises:
        ValidationError: ``stats.rows.total`` is no number that makes sense, or there is no such method.
    """
    with world.services.store.transaction():
        function, remarks = _chosen(world, doc, extensions)
        doc["transformation"]["function"] = function and {
            name: function[name] for name in ("id", "name", "status", "manual")
        }
        chosen_before = function is not None and _take_kept_choice(world, doc, function)
        _provide_input(world, kind, doc)
        world.store(kind, doc)
        if function is None or function["manual"] or doc.get("status") != "pending":
            return [], remarks
        environment = world.services.environments.get(function["environment"]["id"])
        owner = value_at(doc, "stream.owner.id")
        installation = world.services.installations.install(environment.id, str(owner))
        task = NewTask(
            environment.id,
            "transformation",
            event_type,
            str(doc["id"]),
            data={"method": function["method"]},
            installation_id=installation.id,
        )
        if chosen_before:
            remarks.append(f"'{function['method']}' has the settings that its dialog saved last.")
        elif function["ui"]["edit_dialog"] and not value_at(doc, "transformation.settings"):
            remarks.append(
                f"The transformation '{function['method']}' has no settings; choose them in its dialog with "
                "'ccli devops open page', or give what it would save with --set 'transformation.settings={…}'."
            )
        submission = world.services.queue.submit(task)
        world.services.task_objects.keep([submission], kind.collection, doc)
        return [submission], remarks


@dataclass(frozen=True)
class Meant:
    """A transformation that a request would be sent to, which has a dialog and no settings yet."""

    method: str
    environment_id: str
    owner_id: str


def without_settings(world: World, method: str | None, extensions: Sequence[Extension]) -> Meant | None:
    """Return the transformation that ``start`` would choose, if its request would have no settings.

    Args:
        world: the sandbox.
        method: ``transformation.method`` of the request, None for any.
        extensions: those that are meant.

    Returns:
        None also if people do it, it has no dialog, or its extension is not connected.

    Raises:
        ValidationError: there is no such method.
    """
    wanted = {} if method is None else {"method": method}
    with world.services.store.transaction():
        function, _ = _chosen(world, {"transformation": wanted}, extensions)
        if function is None or function["manual"] or not function["ui"]["edit_dialog"]:
            return None
        environment_id, owner = function["environment"]["id"], world.services.accounts.owner()
        if owner is None or not _is_connected(world, function):
            return None
        if kept_choice(world.services.store, environment_id, function["method"]) is not None:
            return None
        return Meant(function["method"], environment_id, owner.id)


def _chosen(
    world: World, doc: dict[str, Any], extensions: Sequence[Extension]
) -> tuple[dict[str, Any] | None, list[str]]:
    wanted = doc["transformation"].pop("method", None)
    known = functions(world, extensions)
    if wanted is None:
        known.sort(key=lambda function: (function["manual"], not _is_connected(world, function)))
        if not known:
            return None, ["No task: no extension has transformations; they are known once its runner connected."]
        function = known[0]
    else:
        named = [function for function in known if function["method"] == wanted]
        if not named:
            methods = ", ".join(sorted({function["method"] for function in known})) or "none"
            raise ValidationError.of("transformation.method", f"There is no method '{wanted}' (there are: {methods}).")
        function = min(named, key=lambda function: not _is_connected(world, function))
    if function["manual"]:
        return function, [f"No task: the transformation '{function['method']}' is manual, people do it."]
    return function, []


def _take_kept_choice(world: World, doc: dict[str, Any], function: Mapping[str, Any]) -> bool:
    """Give a request without settings those that its dialog saved last; tells whether there were any."""
    if value_at(doc, "transformation.settings"):
        return False
    kept = kept_choice(world.services.store, function["environment"]["id"], function["method"])
    if kept is None:
        return False
    doc["transformation"]["settings"] = kept.settings
    doc["transformation"]["overview"] = kept.overview
    columns = doc["transformation"].setdefault("columns", {})
    columns.update({side: list(kept.columns[side]) for side in ("input", "output") if kept.columns.get(side)})
    return True


def _is_connected(world: World, function: Mapping[str, Any]) -> bool:
    return world.services.environments.get(function["environment"]["id"]).status in ("connected", "running")


def _provide_input(world: World, kind: Kind, doc: dict[str, Any]) -> None:
    """Write the spreadsheet of a request that has none, with as many rows as it says.

    It is about subscriptions that exist if there are any, so that a transformation can look them up.
    """
    if value_at(doc, "files.input.name"):
        return
    rows = value_at(doc, "stats.rows.total")
    if not isinstance(rows, int) or isinstance(rows, bool) or not 0 <= rows <= _MAX_ROWS:
        raise ValidationError.of("stats.rows.total", f"This field is a whole number from 0 to {_MAX_ROWS}.")
    folder = MediaFolder("streams_batches", str(doc["batch"]["id"]))
    known, _ = world.objects.page(kinds.ASSETS.collection, _SOME, {})
    subscriptions = [str(asset["id"]) for asset in known]
    words = Words(int(hashlib.sha256(str(doc["id"]).encode()).hexdigest(), 16))
    with media.keep(world, folder, f"{doc['id']}-in.xlsx") as kept:
        write_workbook(kept.stream, sample_rows(words, rows, subscriptions))
    doc["files"]["input"] = {"id": kept.doc["id"], "name": media.public_path(kept.doc)}


def update(world: World, kind: Kind, request_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Note the progress, attach the result, or make somebody responsible.

    Raises:
        NotFoundError; ValidationError: a field is wrong; RuleError: the request is not pending.
    """
    with world.services.store.transaction():
        request = world.get(kind, request_id)
        if request.get("status") != "pending":
            raise RuleError(f"status: a transformation request that is {request.get('status')} cannot be changed.")
        if "stats" in sent:
            rows = body.require_object(body.require_object(sent, "stats"), "rows")
            for name in ("total", "processed"):
                if name in rows:
                    request["stats"]["rows"][name] = _count(rows[name], f"stats.rows.{name}")
        if "files" in sent:
            output_id = body.reference_id(body.require_object(sent, "files"), "output", path="files.output")
            request["files"]["output"] = _attached(world, request, output_id)
        if "assignee" in sent:
            request["assignee"] = {"id": body.reference_id(sent, "assignee")}
        world.stamp(request, "updated", by)
        return world.store(kind, request)


def _count(value: Any, field: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValidationError.of(field, "This field must be a whole number that is not negative.")
    return value


def _attached(world: World, request: Mapping[str, Any], media_id: str | None) -> dict[str, Any]:
    folder = MediaFolder("streams_batches", str(value_at(request, "batch.id")))
    if media_id is None:
        raise ValidationError.of("files.output.id", "This field is required.")
    try:
        doc, _ = media.find(world, folder, media_id)
    except NotFoundError:
        raise ValidationError.of("files.output.id", f"There is no file {media_id} in {folder.path}.") from None
    return {"id": doc["id"], "name": media.public_path(doc)}


def act(
    world: World, kind: Kind, request_id: str, action: str, sent: Mapping[str, Any], by: Identity | None
) -> dict[str, Any]:
    """Carry out an action of ``machines.TRANSFORMATION_REQUEST``.

    Raises:
        NotFoundError; RuleError: not possible in the request's status, or there is no result to process.
    """
    with world.services.store.transaction():
        request = world.get(kind, request_id)
        status = TRANSFORMATION_REQUEST.next_status(action, request.get("status"))
        if action == "process" and not value_at(request, "files.output.id"):
            raise RuleError("files.output.id: attach the result before the request is processed.")
        if action == "fail":
            request["error"] = body.text(sent, "error", at_most=1024) or ""
        request["status"] = status
        world.stamp(request, "updated", by)
        world.stamp(request, status, by)
        _follow(world, kind, request)
        return world.store(kind, request)


def _follow(world: World, kind: Kind, request: Mapping[str, Any]) -> None:
    """Bring the batch up to date."""
    batches = BATCHES[kind.collection]
    batch = world.find(batches, str(value_at(request, "batch.id")))
    if batch is not None:
        batch["stats"]["requests"]["processed"] = 1
        batch["status"] = "published" if request["status"] == "completed" else "failed"
        world.stamp(batch, "updated", None)
        world.store(batches, batch)
