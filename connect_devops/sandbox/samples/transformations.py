"""Samples of transformation requests; their spreadsheet is written when the request starts."""

from __future__ import annotations

import copy
from typing import Any, Final

from connect_devops.sandbox import kinds
from connect_devops.sandbox.kinds import Kind
from connect_devops.sandbox.samples.scene import Scene, short
from connect_devops.sandbox.samples.words import Words
from connect_devops.sandbox.samples.workbook import COLUMNS
from connect_devops.sandbox.world import World

__all__ = ["STREAM_COLUMNS", "billing_request", "pricing_request"]

_ROWS: Final = 25


def _columns(stream_id: str) -> list[dict[str, Any]]:
    return [
        {
            "id": f"SCOL-{stream_id.partition('-')[2]}-{number:03d}",
            "position": number * 10_000,
            "required": False,
            **column,
        }
        for number, column in enumerate(COLUMNS, 1)
    ]


STREAM_COLUMNS: Final[tuple[dict[str, Any], ...]] = tuple(_columns("STR-0000-0000-0000"))
"""The columns of a sample's stream, as dialogs are offered them before any stream exists."""


def billing_request(world: World, scene: Scene, words: Words, status: str) -> dict[str, Any]:
    """A request to transform a billing file, not stored; its stream and its batch are."""
    period = {"start": "2025-01-01T00:00:00+00:00", "end": "2025-02-01T00:00:00+00:00"}
    return _request(
        world, scene, words, status, "billing", kinds.BILLING_STREAMS, kinds.BILLING_BATCHES, {"period": period}
    )


def pricing_request(world: World, scene: Scene, words: Words, status: str) -> dict[str, Any]:
    """A request to transform a price list, not stored; its stream and its batch are."""
    version = {"id": f"PLV-{words.digits(3, 3, 3)}", "status": "active", "start_at": world.now()}
    return _request(
        world,
        scene,
        words,
        status,
        "pricing",
        kinds.PRICING_STREAMS,
        kinds.PRICING_BATCHES,
        {"pricelist_version": version},
    )


def _request(
    world: World,
    scene: Scene,
    words: Words,
    status: str,
    word: str,
    streams: Kind,
    batches: Kind,
    context: dict[str, Any],
) -> dict[str, Any]:
    now = world.now()
    stamps = {"created": {"at": now}, "updated": {"at": now}}
    owner = world.services.accounts.owner()
    stream: dict[str, Any] = {
        "id": f"STR-{words.digits(4, 4, 4)}",
        "name": f"Sample {word} stream",
        "status": "active",
        "description": "A stream of the local platform.",
        "visibility": "private",
        "type": word,
        "sources": [],
        "owner": {"id": owner.id, "name": owner.name} if owner else short(scene.vendor, "id", "name"),
        "context": {
            "account": short(scene.provider, "id", "name", "icon"),
            "product": short(scene.product),
            "marketplace": {**short(scene.marketplace), "currency": scene.marketplace.get("currency", "USD")},
            "listing": {"id": f"LST-{words.digits(3, 3, 3)}"},
        },
        "events": stamps,
    }
    batch: dict[str, Any] = {
        "id": f"STRB-{words.digits(4, 4, 4)}",
        "name": f"Sample {word} batch",
        "status": "processing",
        "context": context,
        "stream": {name: stream[name] for name in ("id", "name", "status", "owner", "context")},
        "test": False,
        "stats": {"requests": {"total": 1, "processed": 0}},
        "events": stamps,
    }
    world.store(streams, stream)
    world.store(batches, batch)
    columns = _columns(stream["id"])
    return {
        "id": f"TFR-{words.digits(4, 4, 4)}",
        "status": status,
        "files": {"input": {"id": None, "name": None}, "output": {"id": None, "name": None}},
        "batch": {name: batch[name] for name in ("id", "name", "status", "context")},
        "transformation": {
            "id": f"STRA-{words.digits(3, 3, 3, 3)}-001",
            "description": "",
            "function": None,
            "overview": "",
            "columns": {"input": columns, "output": copy.deepcopy(columns)},
            "settings": {},
            "position": 10_000,
        },
        "stream": copy.deepcopy(batch["stream"]),
        "stats": {"rows": {"total": _ROWS, "processed": 0}},
        "events": {**stamps, "pended": {"at": now}},
    }
