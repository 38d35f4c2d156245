"""What an application can do, as tables of text: shown at the start and by ``--check``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connect_eaas.applications import WebApplicationBase
from connect_eaas.declarations import Declarations

__all__ = ["FeatureTable", "tables_of"]


@dataclass(frozen=True)
class FeatureTable:
    """One table."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables_of(declarations: Declarations) -> tuple[FeatureTable, ...]:
    """The tables of one application of any kind; those without a row are left out."""
    tables = (
        FeatureTable(
            "Event subscriptions",
            ("Method", "Event type", "Statuses"),
            tuple((item.method, item.event_type, ", ".join(item.statuses) or "-") for item in declarations.events),
        ),
        FeatureTable(
            "Schedulable methods",
            ("Method", "Name", "Description"),
            tuple((item.method, item.name, item.description) for item in declarations.schedulables),
        ),
        *_endpoints(declarations),
        FeatureTable("Pages", ("Place", "Label", "URL"), tuple(_pages(declarations.ui_modules))),
        FeatureTable(
            "Anvil callables",
            ("Method", "Summary", "Description"),
            tuple((item.method, item.summary or "-", item.description or "-") for item in declarations.anvil_methods),
        ),
        FeatureTable(
            "Transformations",
            ("Method", "Name", "Description", "Edit dialog"),
            tuple(
                (item.method, item.name, item.description, item.edit_dialog_ui or "-")
                for item in declarations.transformations
            ),
        ),
        FeatureTable(
            "Variables",
            ("Name", "Secure"),
            tuple((item.name, "yes" if item.secure else "no") for item in declarations.variables),
        ),
    )
    return tuple(table for table in tables if table.rows)


def _endpoints(declarations: Declarations) -> tuple[FeatureTable, ...]:
    """What a web application answers: for those who are authenticated, and for everybody."""
    if not issubclass(declarations.application, WebApplicationBase):
        return ()
    from connect_eaas.web.routing import endpoints

    columns = ("Method", "Path", "Summary")
    titles = ("Authenticated endpoints (below /api)", "Endpoints for everybody (below /unauthorized and /guest)")
    return tuple(
        FeatureTable(title, columns, tuple((item.method, item.path, item.summary) for item in endpoints(router)))
        for title, router in zip(titles, declarations.application.get_routers(), strict=True)
    )


def _pages(modules: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Pages of a web application, wherever they stand: a module has a url, perhaps children, or is a list of pages."""
    rows: list[tuple[str, ...]] = []
    for place, module in modules.items():
        for page in module if isinstance(module, (list, tuple)) else [module]:
            if not isinstance(page, Mapping):
                continue
            rows.append((place, str(page.get("label") or page.get("name") or "-"), str(page.get("url") or "-")))
            rows.extend(
                (place, f"- {child.get('label') or child.get('name') or '-'}", str(child.get("url") or "-"))
                for child in page.get("children") or ()
                if isinstance(child, Mapping)
            )
    return rows
