"""Decorators with which a class declares what it can do.

Each leaves a mark (``connect_eaas.constants``) that ``connect_eaas.declarations`` reads; none of them changes how the
decorated thing works. Names and signatures: ``reference/sdk-api.md`` section 2. ``router`` and ``web_app`` live in
``connect_eaas.web``.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from connect_eaas import constants
from connect_eaas.errors import DeclarationError, Problem
from connect_eaas.markers import own_copy

__all__ = [
    "account_settings_page",
    "admin_pages",
    "anvil_callable",
    "anvil_key_variable",
    "customer_pages",
    "devops_pages",
    "django_secret_key_variable",
    "event",
    "guest",
    "manual_transformation",
    "module_pages",
    "proxied_connect_api",
    "schedulable",
    "transformation",
    "unauthorized",
    "variables",
]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Class = TypeVar("_Class", bound=type)


def event(event_type: str, statuses: Sequence[str] | None = None) -> Callable[[_Function], _Function]:
    """Mark a method as the handler of an event.

    Args:
        event_type: e.g. ``asset_purchase_request_processing``, see ``connect_eaas.events.CATALOGUE``.
        statuses: the object's statuses that matter; required for background events.

    Raises:
        DeclarationError: the method already handles another event.
    """

    def mark(function: _Function) -> _Function:
        earlier = getattr(function, constants.EVENT_INFO_ATTR_NAME, None)
        if earlier is not None:
            raise DeclarationError(
                Problem(
                    f"handles {earlier['event_type']!r} already and cannot handle {event_type!r} too: "
                    "write a second method that calls the first",
                    method=_name(function),
                )
            )
        setattr(
            function,
            constants.EVENT_INFO_ATTR_NAME,
            {"method": _name(function), "event_type": event_type, "statuses": statuses},
        )
        return function

    return mark


def schedulable(name: str, description: str) -> Callable[[_Function], _Function]:
    """Mark a method that a schedule may call; ``name`` and ``description`` are shown to who makes the schedule."""

    def mark(function: _Function) -> _Function:
        setattr(
            function,
            constants.SCHEDULABLE_INFO_ATTR_NAME,
            {"method": _name(function), "name": name, "description": description},
        )
        return function

    return mark


def variables(variables: Sequence[Mapping[str, Any]]) -> Callable[[_Class], _Class]:
    """Declare environment variables of an application.

    Each item has ``name`` and optionally ``initial_value`` (text) and ``secure`` (bool). Several decorators add up; for
    a name declared twice the lower decorator wins. Neither the given list nor a parent class is changed.
    """
    if isinstance(variables, (str, Mapping, type)) or not isinstance(variables, Sequence):
        raise DeclarationError(Problem(f"@variables needs a list of dicts, got {type(variables).__name__}"))
    for item in variables:
        if not isinstance(item, Mapping):
            raise DeclarationError(Problem(f"@variables needs a list of dicts, got an item of {type(item).__name__}"))

    def mark(cls: _Class) -> _Class:
        _add_variables(cls, variables)
        return cls

    return mark


def anvil_key_variable(name: str) -> Callable[[_Class], _Class]:
    """Name the variable that holds the Anvil uplink key; declares it (secure) unless it is declared."""
    return _secret_variable(name, constants.ANVIL_KEY_VAR_ATTR_NAME)


def django_secret_key_variable(name: str) -> Callable[[_Class], _Class]:
    """Name the variable that holds Django's secret key; declares it (secure) unless it is declared."""
    return _secret_variable(name, constants.DJANGO_SECRET_KEY_VAR_ATTR_NAME)


def anvil_callable(summary: str | None = None, description: str | None = None) -> Callable[[_Function], _Function]:
    """Mark a method that the Anvil frontend may call. Defaults come from the method's name and docstring."""

    def mark(function: _Function) -> _Function:
        name = _name(function)
        setattr(
            function,
            constants.ANVIL_CALLABLE_ATTR_NAME,
            {
                "method": name,
                "summary": summary or name.replace("_", " ").title(),
                "description": description or inspect.getdoc(function) or "",
            },
        )
        return function

    return mark


def unauthorized() -> Callable[[_Function], _Function]:
    """Serve an endpoint without the platform's authentication; stands above the router's decorator."""

    def mark(function: _Function) -> _Function:
        setattr(function, constants.UNAUTHORIZED_ENDPOINT_ATTR_NAME, True)
        return function

    return mark


def guest() -> Callable[[_Function], _Function]:
    """Older name of ``unauthorized``."""
    warnings.warn("@guest is now called @unauthorized", DeprecationWarning, stacklevel=2)
    return unauthorized()


def account_settings_page(label: str, url: str, icon: str | None = None) -> Callable[[_Class], _Class]:
    """Declare the page shown in the settings of the account."""
    return _class_mark(constants.ACCOUNT_SETTINGS_PAGE_ATTR_NAME, _page(label, url, icon))


def module_pages(
    label: str, url: str, icon: str | None = None, children: Sequence[Mapping[str, Any]] | None = None
) -> Callable[[_Class], _Class]:
    """Declare the module's main page and its tabs (``children``: list of ``{label, url[, icon]}``)."""
    page = _page(label, url, icon)
    if children:
        page["children"] = children
    return _class_mark(constants.MODULE_PAGES_ATTR_NAME, page)


def admin_pages(pages: Sequence[Mapping[str, Any]]) -> Callable[[_Class], _Class]:
    """Declare pages shown in the details of an installation."""
    return _class_mark(constants.ADMIN_PAGES_ATTR_NAME, pages)


def devops_pages(pages: Sequence[Mapping[str, Any]]) -> Callable[[_Class], _Class]:
    """Declare extra tabs of the extension's DevOps page."""
    return _class_mark(constants.DEVOPS_PAGES_ATTR_NAME, pages)


def customer_pages(pages: Sequence[Mapping[str, Any]]) -> Callable[[_Class], _Class]:
    """Declare home pages of the customer."""
    return _class_mark(constants.CUSTOMER_PAGES_ATTR_NAME, pages)


def proxied_connect_api(endpoints: Sequence[str] | Mapping[str, str]) -> Callable[[_Class], _Class]:
    """Declare paths of the Connect API that pages may call: a list, or a dict path to ``view`` or ``edit``."""
    return _class_mark(constants.PROXIED_CONNECT_API_ATTR_NAME, endpoints)


def transformation(name: str, description: str, edit_dialog_ui: str) -> Callable[[_Function], _Function]:
    """Mark a method that transforms rows; ``edit_dialog_ui`` is its settings page, a path under ``/static/``."""

    def mark(function: _Function) -> _Function:
        info = _transformation_info(function)
        info.update(method=_name(function), name=name, description=description, edit_dialog_ui=edit_dialog_ui)
        return function

    return mark


def manual_transformation() -> Callable[[_Function], _Function]:
    """Mark a transformation that people do by hand; stands above or below ``@transformation``."""

    def mark(function: _Function) -> _Function:
        info = _transformation_info(function)
        info.update(method=_name(function), manual=True)
        return function

    return mark


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _page(label: str, url: str, icon: str | None) -> dict[str, Any]:
    page: dict[str, Any] = {"label": label, "url": url}
    if icon:
        page["icon"] = icon
    return page


def _class_mark(marker: str, value: object) -> Callable[[_Class], _Class]:
    def mark(cls: _Class) -> _Class:
        setattr(cls, marker, value)
        return cls

    return mark


def _transformation_info(function: Callable[..., Any]) -> dict[str, Any]:
    info: dict[str, Any] = getattr(function, constants.TRANSFORMATION_ATTR_NAME, {"manual": False})
    setattr(function, constants.TRANSFORMATION_ATTR_NAME, info)
    return info


def _add_variables(cls: type, items: Sequence[Mapping[str, Any]]) -> None:
    known = own_copy(cls, constants.VARIABLES_INFO_ATTR_NAME)
    # Names are compared with what was there before this decorator, so that a name given twice in one list stays
    # visible to the validation.
    names = {item.get("name") for item in known}
    known.extend(dict(item) for item in items if item.get("name") not in names)
    setattr(cls, constants.VARIABLES_INFO_ATTR_NAME, known)


def _secret_variable(name: str, marker: str) -> Callable[[_Class], _Class]:
    def mark(cls: _Class) -> _Class:
        setattr(cls, marker, name)
        _add_variables(cls, [{"name": name, "initial_value": "changeme!", "secure": True}])
        return cls

    return mark
