"""The pages that an extension has declared, as the platform's user interface lists them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connect_devops.domain.errors import NotFoundError
from connect_devops.services.environments import Environment

__all__ = ["DIALOGS", "NoPagesError", "Page", "find_page", "pages_of"]

DIALOGS: Final = "Transformations"
# Where pages stand in the user interface: reference/websocket-protocol.md section 4.
_POINTS: Final = (
    ("settings", "Account Settings"),
    ("modules", "Module Feature"),
    ("admins", "Installations Admin"),
    ("devops", "DevOps"),
    ("customer", "Customer Home Page"),
)


@dataclass(frozen=True)
class Page:
    """A page of an extension."""

    key: str
    """Names it within its environment: ``settings``, ``modules-1``, ``modules-1-2``, ``transformations-1``."""
    point: str
    """Where it stands in the user interface."""
    label: str
    url: str
    """A path below ``/static/`` of the extension's host."""
    icon: str | None = None
    """A path of the extension's host, or the name of an icon of the platform's."""
    is_child: bool = False
    method: str | None = None
    """The transformation whose settings it edits."""

    @property
    def is_dialog(self) -> bool:
        """Whether it is shown as a dialog that is saved or cancelled."""
        return self.method is not None


def pages_of(environment: Environment) -> list[Page]:
    """Return the pages that the environment's runners declared last, in the order of the user interface."""
    found: list[Page] = []
    modules = environment.declared.ui_modules
    for field, point in _POINTS:
        declared = modules.get(field) or ()
        if isinstance(declared, Mapping):
            found += _entries(declared, field, point)
        elif isinstance(declared, Sequence):
            for number, entry in enumerate(declared, 1):
                found += _entries(entry, f"{field}-{number}", point)
    for number, entry in enumerate(environment.declared.transformations, 1):
        url = entry.get("edit_dialog_ui")
        if isinstance(url, str) and url:
            found.append(Page(f"transformations-{number}", DIALOGS, entry["name"], url, method=entry["method"]))
    return found


def find_page(environment: Environment, name: str) -> Page:
    """Return the page with this key, label (in any case) or path.

    Raises:
        NotFoundError: there is none; names those that exist.
    """
    pages = pages_of(environment)
    wanted = name.strip()
    for page in pages:
        if wanted in (page.key, page.url) or wanted.lower() == page.label.lower():
            return page
    raise UnknownPageError(name, environment.id, [page.label for page in pages])


class NoPagesError(NotFoundError):
    """The environment has no page at all."""

    def __init__(self, environment: Environment) -> None:
        super().__init__("page", environment.id)
        self.environment = environment

    def __str__(self) -> str:
        if not self.environment.declared.runner_version:
            return (
                f"{self.key} has no pages yet, for nothing has run there that declares them: run the project, "
                "for example with 'ccli devops dev'."
            )
        return (
            f"{self.key} has no pages: what runs there declares none. Web applications of multi-account extensions "
            "(@account_settings_page, @module_pages and the like) have them, and so have transformations with dialogs."
        )


class UnknownPageError(NotFoundError):
    """No page of the environment has this name. Its web application declares pages while it runs."""

    def __init__(self, name: str, environment_id: str, known: list[str]) -> None:
        super().__init__("page", name)
        self.environment_id = environment_id
        self.known = known

    def __str__(self) -> str:
        known = f"it has {', '.join(self.known)}" if self.known else "it has none; has its web application been run?"
        return f"{self.environment_id} has no page {self.key!r}: {known}."


def _entries(entry: Any, key: str, point: str, *, is_child: bool = False) -> Iterator[Page]:
    """Read one page and its children; what a runner declares otherwise than expected is no page."""
    if not isinstance(entry, Mapping):
        return
    label, url, icon, children = (entry.get(name) for name in ("label", "url", "icon", "children"))
    if isinstance(label, str) and isinstance(url, str) and url.startswith("/"):
        yield Page(key, point, label, url, icon if isinstance(icon, str) else None, is_child)
    if isinstance(children, Sequence) and not is_child:
        for number, child in enumerate(children, 1):
            yield from _entries(child, f"{key}-{number}", point, is_child=True)
