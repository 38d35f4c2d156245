"""Rules of extensions: which type is for whom, and what each type needs.

Facts: ``reference/devops-api.md`` 4.1 and ``reference/ui-features.md`` A2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from connect_devops.domain.account import Role
from connect_eaas.events import EXTENSION_TYPES, ExtensionType

__all__ = ["ENVIRONMENT_TYPES", "TEXT_LIMITS", "check_extension", "check_texts", "types_for"]

ENVIRONMENT_TYPES: Final = ("development", "test", "production")
TEXT_LIMITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "name": 256,
        "description": 2048,
        "icon": 4_000_000,
        "package_id": 256,
        "short_description": 2048,
        "overview": 65_536,
        "website": 2048,
        "category": 256,
    }
)
"""Longest texts, in characters. The icon may be a data URL."""
_PACKAGE: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")
_ONLY_FOR: Final[Mapping[ExtensionType, tuple[Role, ...]]] = MappingProxyType(
    {"products": ("vendor",), "hub": ("distributor", "reseller")}
)


def types_for(role: Role) -> tuple[ExtensionType, ...]:
    """The types of extension that an account of this role may make."""
    return tuple(kind for kind in EXTENSION_TYPES if role in _ONLY_FOR.get(kind, (role,)))


def check_texts(fields: Mapping[str, object]) -> list[tuple[str, str]]:
    """What is wrong with the descriptive texts of an extension: pairs of field and message."""
    errors: list[tuple[str, str]] = []
    for name, limit in TEXT_LIMITS.items():
        value = fields.get(name)
        if name == "name" and "name" in fields and (not isinstance(value, str) or not value.strip()):
            errors.append((name, "This field may not be empty."))
        elif value is not None and not isinstance(value, str):
            errors.append((name, "This must be a text."))
        elif value is not None and len(value) > limit:
            errors.append((name, f"This text may have at most {limit} characters, it has {len(value)}."))
    return errors


def check_extension(
    role: Role, kind: str, fields: Mapping[str, object], *, products: Sequence[str], hub_id: str | None
) -> list[tuple[str, str]]:
    """What is wrong with a new extension: pairs of field and message."""
    errors = check_texts({"name": None, **fields})
    if kind not in EXTENSION_TYPES:
        errors.append(("type", f"{kind!r} is none of {', '.join(EXTENSION_TYPES)}."))
        return errors
    if kind not in types_for(role):
        errors.append(("type", f"An account of role {role} may make {', '.join(types_for(role))}, not {kind}."))
    package = fields.get("package_id")
    if package is not None and (not isinstance(package, str) or not _PACKAGE.fullmatch(package)):
        errors.append(("package_id", "This must be names joined by dots, such as company.connect.package."))
    if kind in ("multiaccount", "transformations") and package is None:
        errors.append(("package_id", f"An extension of type {kind} needs a package identifier."))
    if kind == "hub" and hub_id is None:
        errors.append(("hub.id", "An extension of type hub needs a hub."))
    if kind != "hub" and hub_id is not None:
        errors.append(("hub", f"An extension of type {kind} has no hub."))
    if kind != "products" and products:
        errors.append(("products", f"An extension of type {kind} has no products."))
    if len(set(products)) != len(products):
        errors.append(("products", "A product is named twice."))
    return errors
