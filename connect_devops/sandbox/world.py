"""The sandbox's objects as one world: reading, saving with events, identifiers, stamps.

A change of an object and the tasks that it makes are one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connect_devops.domain.account import Identity
from connect_devops.domain.errors import NotFoundError
from connect_devops.sandbox.kinds import MARKETPLACES, Kind
from connect_devops.sandbox.paths import value_at
from connect_devops.services import Services
from connect_devops.services.queue import Submission
from connect_devops.storage.objects import ObjectStore

__all__ = ["World"]


@dataclass(frozen=True)
class World:
    """Everything that the actions need; stateless but for the database behind it."""

    services: Services
    objects: ObjectStore
    media: Path | None = None
    """The folder for the bytes of media files; without one there are none."""

    @classmethod
    def over(cls, services: Services, *, media: Path | None = None) -> World:
        """Make the world over a platform's services."""
        return cls(services, ObjectStore(services.store), media)

    def now(self) -> str:
        """The platform's present moment as the API writes it, to the second."""
        return self.services.clock.now().replace(microsecond=0).isoformat()

    def find(self, kind: Kind, object_id: str, *, parent_id: str = "") -> dict[str, Any] | None:
        """The object, or None."""
        return self.objects.get(kind.collection, object_id, parent_id=parent_id)

    def get(self, kind: Kind, object_id: str, *, parent_id: str = "") -> dict[str, Any]:
        """The object.

        Raises:
            NotFoundError: there is none.
        """
        found = self.find(kind, object_id, parent_id=parent_id)
        if found is None:
            raise NotFoundError(kind.noun, object_id)
        return found

    def store(self, kind: Kind, doc: dict[str, Any], *, parent_id: str = "") -> dict[str, Any]:
        """Save an object as it is and tell nobody."""
        self.objects.put(kind.stored(doc, parent_id=parent_id))
        return doc

    def hub_of(self, kind: Kind, doc: Mapping[str, Any]) -> str | None:
        """The id of the hub that the object belongs to, directly or by the marketplace that it is offered on."""
        named = kind.hub_of(doc)
        marketplace_id = kind.marketplace_of(doc)
        if named is not None or marketplace_id is None:
            return named
        hub_id = value_at(self.find(MARKETPLACES, marketplace_id), "hubs.0.hub.id")
        return hub_id if isinstance(hub_id, str) else None

    def publish(self, kind: Kind, doc: Mapping[str, Any], *, extension_id: str | None = None) -> list[Submission]:
        """Tell that an object was created or changed; call it inside the transaction that stores it."""
        events = kind.events_of(doc)
        if not events:
            return []
        accounts = kind.accounts_of(doc)
        if owner := self.services.accounts.owner():
            # Whoever runs this platform sees everything on it.
            accounts.add(owner.id)
        submissions = self.services.events.object_changed(
            events,
            str(doc["id"]),
            kind.status_of(doc),
            product_id=kind.product_of(doc),
            hub_id=self.hub_of(kind, doc),
            account_ids=sorted(accounts),
            extension_id=extension_id,
        )
        self.services.task_objects.keep(submissions, kind.collection, doc)
        return submissions

    def change(
        self, kind: Kind, doc: dict[str, Any], *, by: Identity | None = None, event: str | None = None
    ) -> dict[str, Any]:
        """Save a changed object with its time stamps and publish its events.

        Args:
            kind: the kind of the object.
            doc: the object, changed.
            by: who changed it.
            event: also stamped under ``events`` by this name, e.g. ``approved``.
        """
        self.stamp(doc, "updated", by)
        if event is not None:
            self.stamp(doc, event, by)
        self.store(kind, doc)
        self.publish(kind, doc)
        return doc

    def stamp(self, doc: dict[str, Any], event: str, by: Identity | None) -> None:
        """Note when, and by whom, something happened to an object."""
        now = self.now()
        stamp: dict[str, Any] = {"at": now}
        if by is not None:
            stamp["by"] = {"id": by.key_id, "name": by.key_name}
        if event in doc and isinstance(doc[event], str):
            doc[event] = now
        if isinstance(doc.get("events"), dict) or event not in ("created", "updated") or event not in doc:
            doc.setdefault("events", {})[event] = stamp

    def new_id(self, kind: Kind, prefix: str, *lengths: int) -> str:
        """A free identifier of ``prefix`` and blocks of digits."""
        while True:
            number = self.services.ids.uuid().replace("-", "")
            digits = str(int(number, 16))
            blocks, start = [], 0
            for length in lengths:
                blocks.append(digits[start : start + length].zfill(length))
                start += length
            candidate = f"{prefix}-{'-'.join(blocks)}"
            if self.find(kind, candidate) is None:
                return candidate

    def next_id(self, kind: Kind, base: str) -> str:
        """The next identifier of the form ``<base>-001`` (requests of an asset, of a configuration …)."""
        number = self.objects.count_with_prefix(kind.collection, f"{base}-") + 1
        while self.find(kind, f"{base}-{number:03d}") is not None:
            number += 1
        return f"{base}-{number:03d}"
