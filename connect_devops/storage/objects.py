"""Business objects of the sandbox: JSON documents with the columns that lists and events need.

One table serves all collections; what a document contains is the sandbox's business. Documents are read and written
whole. The caller opens the transaction, so a change and the tasks that it makes are committed together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Select,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from connect_devops.rql import DOCUMENT, Field, ListRequest, apply, column_field, count, document_fields
from connect_devops.storage.store import Store
from connect_devops.storage.tables import metadata

__all__ = ["ObjectStore", "StoredObject", "fields_of", "objects"]

objects: Final = Table(
    "objects",
    metadata,
    # Insertion order; also what makes the order of a list total.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("collection", String(64), nullable=False),
    Column("parent_id", String(64), nullable=False, default=""),
    Column("id", String(64), nullable=False),
    Column("status", String(32)),
    Column("type", String(32)),
    Column("product_id", String(64)),
    Column("hub_id", String(64)),
    Column("connection_id", String(64)),
    Column("created", String(40)),
    Column("updated", String(40)),
    Column("doc", DOCUMENT, nullable=False),
    Index("objects_key", "collection", "parent_id", "id", unique=True),
    Index("objects_id", "id"),
    Index("objects_status", "collection", "status", "number"),
    Index("objects_product", "collection", "product_id", "number"),
)


@dataclass(frozen=True)
class StoredObject:
    """A document and its place; the other values are copies for indexes."""

    collection: str
    id: str
    doc: dict[str, Any]
    parent_id: str = ""
    status: str | None = None
    type: str | None = None
    product_id: str | None = None
    hub_id: str | None = None
    connection_id: str | None = None
    created: str | None = None
    updated: str | None = None


def fields_of(declarations: str, *, status_property: str = "status") -> dict[str, Field]:
    """Fields for a list of documents; ``id`` and the status use their indexed columns.

    Args:
        declarations: the notation of ``connect_devops.rql.document_fields``.
        status_property: the property that the column ``status`` is a copy of.
    """
    fields = document_fields(objects.c.doc, declarations)
    for name, column in (("id", objects.c.id), (status_property, objects.c.status)):
        if declared := fields.get(name):
            fields[name] = column_field(
                column,
                lookups=declared.lookups,
                orderable=declared.orderable,
                searchable=declared.searchable,
            )
    return fields


class ObjectStore:
    """The table of documents. Every method joins the transaction that its thread has open, or opens its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, collection: str, object_id: str, *, parent_id: str = "") -> dict[str, Any] | None:
        """The document, or None."""
        statement = select(objects.c.doc).where(
            objects.c.collection == collection, objects.c.parent_id == parent_id, objects.c.id == object_id
        )
        with self._store.reading() as transaction:
            doc: dict[str, Any] | None = transaction.connection.execute(statement).scalar_one_or_none()
            return doc

    def put(self, stored: StoredObject) -> bool:
        """Insert or replace a document; tells whether it is new."""
        values = {
            "doc": stored.doc,
            "status": stored.status,
            "type": stored.type,
            "product_id": stored.product_id,
            "hub_id": stored.hub_id,
            "connection_id": stored.connection_id,
            "created": stored.created,
            "updated": stored.updated,
        }
        key = {"collection": stored.collection, "parent_id": stored.parent_id, "id": stored.id}
        with self._store.transaction() as transaction:
            changed = transaction.connection.execute(
                update(objects).where(*(objects.c[name] == value for name, value in key.items())).values(values)
            )
            if changed.rowcount:
                return False
            transaction.connection.execute(insert(objects).values({**key, **values}))
            return True

    def delete(self, collection: str, object_id: str, *, parent_id: str = "") -> bool:
        """Remove a document; tells whether it was there."""
        statement = delete(objects).where(
            objects.c.collection == collection, objects.c.parent_id == parent_id, objects.c.id == object_id
        )
        with self._store.transaction() as transaction:
            return bool(transaction.connection.execute(statement).rowcount)

    def page(
        self,
        collection: str,
        request: ListRequest,
        fields: Mapping[str, Field],
        *,
        parent_id: str | None = None,
    ) -> tuple[list[dict[str, Any]], int]:
        """A page of a list and the total of the whole list, in one consistent state.

        Raises:
            RqlError: the filter or order is not allowed.
        """
        statement: Select[Any] = select(objects.c.number, objects.c.doc).where(objects.c.collection == collection)
        if parent_id is not None:
            statement = statement.where(objects.c.parent_id == parent_id)
        statement = apply(statement, request.query, fields, search=request.search)
        with self._store.reading() as transaction:
            total: int = transaction.connection.execute(count(statement)).scalar_one()
            if not request.limit or request.offset >= total:
                return [], total
            rows = statement.order_by(objects.c.number).limit(request.limit).offset(request.offset)
            return [row.doc for row in transaction.connection.execute(rows)], total

    def all(self, collection: str, *, parent_id: str = "", product_id: str | None = None) -> list[dict[str, Any]]:
        """All documents of a (small) collection in the order of their making."""
        statement: Select[Any] = select(objects.c.doc).where(
            objects.c.collection == collection, objects.c.parent_id == parent_id
        )
        if product_id is not None:
            statement = statement.where(objects.c.product_id == product_id)
        with self._store.reading() as transaction:
            return list(transaction.connection.execute(statement.order_by(objects.c.number)).scalars())

    def count_with_prefix(self, collection: str, prefix: str) -> int:
        """How many ids of a collection begin with ``prefix``."""
        statement = select(func.count()).where(
            objects.c.collection == collection, objects.c.id.startswith(prefix, autoescape=True)
        )
        with self._store.reading() as transaction:
            number: int = transaction.connection.execute(statement).scalar_one()
            return number
