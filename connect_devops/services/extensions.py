"""Extensions: make, change, delete, find."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, exists, insert, literal, select, update

from connect_devops.domain.account import Account
from connect_devops.domain.environment import may_delete
from connect_devops.domain.errors import NotFoundError, RuleError, ValidationError
from connect_devops.domain.extension import ENVIRONMENT_TYPES, TEXT_LIMITS, check_extension, check_texts
from connect_devops.ids import environment_id
from connect_devops.services.accounts import Accounts
from connect_devops.services.context import Context
from connect_devops.services.environments import Environment, Environments
from connect_devops.services.page import Page, Refine
from connect_devops.storage.columns import Row
from connect_devops.storage.store import Transaction
from connect_devops.storage.tables import api_keys, environments, extension_products, extensions, installations
from connect_eaas.events import ExtensionType

__all__ = ["Extension", "Extensions", "Reference"]


@dataclass(frozen=True)
class Reference:
    """Id and name of another object (a product, a hub)."""

    id: str
    name: str = ""


@dataclass(frozen=True)
class Extension:
    """An extension with its three environments (keys ``development``, ``test``, ``production``)."""

    id: str
    type: ExtensionType
    name: str
    description: str
    icon: str | None
    package_id: str | None
    products: tuple[Reference, ...]
    hub: Reference | None
    extension_id: str
    """``EXT-…``: its id in the authentication module."""
    owner: Account
    environments: Mapping[str, Environment]
    overview: str | None
    short_description: str | None
    website: str | None
    category: str | None
    created: datetime
    updated: datetime


_CHANGEABLE: Final = tuple(name for name in TEXT_LIMITS if name != "package_id")


class Extensions:
    """Extensions of the platform. An owner sees only their own where ``owner_id`` is given."""

    columns: Final[Mapping[str, ColumnElement[Any]]] = MappingProxyType(
        {
            "id": extensions.c.id,
            "name": extensions.c.name,
            "type": extensions.c.type,
            "package_id": extensions.c.package_id,
            "events.created.at": extensions.c.created,
            "events.updated.at": extensions.c.updated,
            "hub.id": extensions.c.hub_id,
            "owner.id": extensions.c.owner_id,
        }
    )
    """Columns by their REST names, for ``Refine``."""

    def __init__(self, context: Context, accounts: Accounts, environments_: Environments) -> None:
        self._context = context
        self._accounts = accounts
        self._environments = environments_

    def create(
        self,
        owner_id: str,
        *,
        type: str,  # noqa: A002 - the field's name on the wire
        name: str,
        description: str | None = None,
        icon: str | None = None,
        package_id: str | None = None,
        products: Sequence[Reference] = (),
        hub: Reference | None = None,
        short_description: str | None = None,
        overview: str | None = None,
        website: str | None = None,
        category: str | None = None,
    ) -> Extension:
        """Make an extension and its three environments (uninitialized, local, each with id, UUID and JWT secret).

        Raises:
            NotFoundError: there is no such owner.
            ValidationError: a field breaks the rules of ``reference/devops-api.md`` 4.1 (type not offered to the
                account's role, a type's required field missing, a package id in use, lengths).
        """
        texts = {
            "name": name,
            "description": description,
            "icon": icon,
            "package_id": package_id,
            "short_description": short_description,
            "overview": overview,
            "website": website,
            "category": category,
        }
        with self._context.store.transaction() as transaction:
            owner = self._accounts.get(owner_id)
            errors = check_extension(
                owner.role,
                type,
                texts,
                products=[product.id for product in products],
                hub_id=None if hub is None else hub.id,
            )
            if package_id is not None and self._package_taken(transaction, package_id):
                errors.append(("package_id", f"Another extension has the identifier {package_id}."))
            if errors:
                raise ValidationError(errors)
            now = self._context.clock.now()
            ids = self._context.ids
            extension_id = self._context.new_id(transaction, ids.extension, extensions.c.id)
            transaction.connection.execute(
                insert(extensions).values(
                    **{**texts, "description": description or ""},
                    id=extension_id,
                    type=type,
                    hub_id=None if hub is None else hub.id,
                    hub_name=None if hub is None else hub.name,
                    extension_id=self._context.new_id(transaction, ids.authentication, extensions.c.extension_id),
                    owner_id=owner_id,
                    created=now,
                    updated=now,
                )
            )
            self._put_products(transaction, extension_id, products)
            transaction.connection.execute(
                insert(environments),
                [
                    {
                        "id": environment_id(extension_id, kind),
                        "extension_id": extension_id,
                        "type": kind,
                        "external_id": ids.uuid(),
                        "runtime": "local",
                        "status": "uninitialized",
                        "jwt_secret": self._context.secrets.encrypt(ids.jwt_secret()),
                        "log_level": "INFO",
                        "runner_log_level": "INFO",
                        "configuration_changed": False,
                        "declared": {},
                        "schedule_counter": 0,
                        "instance_counter": 0,
                        "created": now,
                        "updated": now,
                    }
                    for kind in ENVIRONMENT_TYPES
                ],
            )
            return self.get(extension_id)

    def get(self, extension_id: str, *, owner_id: str | None = None) -> Extension:
        """Raises NotFoundError if there is none."""
        query = select(extensions).where(extensions.c.id == extension_id)
        if owner_id is not None:
            query = query.where(extensions.c.owner_id == owner_id)
        with self._context.store.reading() as transaction:
            row = transaction.connection.execute(query).mappings().first()
            if row is None:
                raise NotFoundError("extension", extension_id)
            return self._views(transaction, [row])[0]

    def page(
        self,
        *,
        owner_id: str | None = None,
        refine: Refine | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> Page[Extension]:
        """Extensions, oldest first unless ``refine`` orders them; with the total."""
        query = select(extensions)
        if owner_id is not None:
            query = query.where(extensions.c.owner_id == owner_id)
        with self._context.store.reading() as transaction:
            rows, total = self._context.rows(transaction, query, [extensions.c.number], refine, limit, offset)
            return Page(self._views(transaction, rows), total)

    def update(self, extension_id: str, changes: Mapping[str, Any]) -> Extension:
        """Change name, description, icon, category, short_description, overview, website or products.

        Products are a sequence of ``Reference`` that replaces the present ones. Other keys are ignored.

        Raises:
            NotFoundError, ValidationError.
        """
        texts = {name: changes[name] for name in _CHANGEABLE if name in changes}
        if texts.get("description", "") is None:
            texts["description"] = ""
        if errors := check_texts(texts):
            raise ValidationError(errors)
        with self._context.store.transaction() as transaction:
            extension = self.get(extension_id)
            if "products" in changes:
                if extension.type != "products":
                    raise ValidationError.of("products", f"An extension of type {extension.type} has no products.")
                transaction.connection.execute(
                    delete(extension_products).where(extension_products.c.extension_id == extension_id)
                )
                self._put_products(transaction, extension_id, changes["products"])
            transaction.connection.execute(
                update(extensions)
                .where(extensions.c.id == extension_id)
                .values(**texts, updated=self._context.clock.now())
            )
            return self.get(extension_id)

    def add_product(self, extension_id: str, product: Reference) -> Extension:
        """Let the extension serve one more product; nothing happens if it does already.

        Raises:
            NotFoundError: there is no such extension.
            ValidationError: its type has no products.
        """
        with self._context.store.transaction():
            extension = self.get(extension_id)
            if product.id in (known.id for known in extension.products):
                return extension
            return self.update(extension_id, {"products": (*extension.products, product)})

    def delete(self, extension_id: str) -> None:
        """Delete the extension with all that belongs to it.

        Raises:
            NotFoundError: there is no such extension.
            RuleError: an environment is neither stopped, disconnected nor uninitialized.
        """
        with self._context.store.transaction() as transaction:
            extension = self.get(extension_id)
            busy = [item for item in extension.environments.values() if not may_delete(item.status)]
            if busy:
                named = ", ".join(f"{item.type} is {item.status}" for item in busy)
                raise RuleError(f"{extension.name} can be deleted once its environments are at rest: {named}.")
            transaction.connection.execute(
                delete(api_keys).where(
                    api_keys.c.installation_id.in_(
                        select(installations.c.id).where(installations.c.extension_id == extension_id)
                    )
                )
            )
            transaction.connection.execute(delete(extensions).where(extensions.c.id == extension_id))

    def _package_taken(self, transaction: Transaction, package_id: str) -> bool:
        query = select(literal(1)).where(exists().where(extensions.c.package_id == package_id))
        return transaction.connection.execute(query).first() is not None

    def _put_products(self, transaction: Transaction, extension_id: str, products: Iterable[Reference]) -> None:
        rows = [
            {"extension_id": extension_id, "product_id": product.id, "name": product.name, "position": position}
            for position, product in enumerate({product.id: product for product in products}.values())
        ]
        if rows:
            transaction.connection.execute(insert(extension_products), rows)

    def _views(self, transaction: Transaction, rows: Sequence[Row]) -> list[Extension]:
        keys = [row["id"] for row in rows]
        products: dict[str, list[Reference]] = {key: [] for key in keys}
        for product in transaction.connection.execute(
            select(extension_products)
            .where(extension_products.c.extension_id.in_(keys))
            .order_by(extension_products.c.position)
        ).mappings():
            products[product["extension_id"]].append(Reference(product["product_id"], product["name"]))
        by_extension: dict[str, dict[str, Environment]] = {key: {} for key in keys}
        for environment in self._environments.of_extensions(keys):
            by_extension[environment.extension_id][environment.type] = environment
        owners = {account.id: account for account in self._accounts.all()}
        return [
            Extension(
                id=row["id"],
                type=row["type"],
                name=row["name"],
                description=row["description"],
                icon=row["icon"],
                package_id=row["package_id"],
                products=tuple(products[row["id"]]),
                hub=None if row["hub_id"] is None else Reference(row["hub_id"], row["hub_name"] or ""),
                extension_id=row["extension_id"],
                owner=owners[row["owner_id"]],
                environments=by_extension[row["id"]],
                overview=row["overview"],
                short_description=row["short_description"],
                website=row["website"],
                category=row["category"],
                created=row["created"],
                updated=row["updated"],
            )
            for row in rows
        ]
