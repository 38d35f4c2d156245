"""Rules on the web application: its routes, hooks, pages and the API that its pages may call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from connect_eaas import constants
from connect_eaas.applications import WebApplicationBase
from connect_eaas.validation.pages import RULES as PAGE_RULES
from connect_eaas.validation.pages import check_pages
from connect_eaas.validation.project import Project
from connect_eaas.validation.rule import ERROR, Finding, Rule

__all__ = ["RULES", "check"]

WRONG_BASE: Final = Rule(
    "WEB001", ERROR, "the class is no web application",
    "The runner serves its routes and pages in the way of WebApplicationBase.",
    "Derive the class from WebApplicationBase.",
)  # fmt: skip
NOT_WRAPPED: Final = Rule(
    "WEB002", ERROR, "the class is not connected with the router",
    "Without it the methods of the class are no endpoints.",
    "Decorate the class with @web_app(router).",
)  # fmt: skip
HANDLERS_NO_DICT: Final = Rule(
    "WEB003", ERROR, "get_exception_handlers returns no dictionary",
    "The runner maps classes of exceptions to handlers with it.",
    "Return a dictionary: class of exception to handler.",
)  # fmt: skip
NO_EXCEPTION: Final = Rule(
    "WEB004", ERROR, "an exception handler is not for an exception",
    "Only classes that derive from BaseException can be raised.",
    "Use classes of exceptions as keys.",
)  # fmt: skip
HANDLERS_UNCALLABLE: Final = Rule(
    "WEB005", ERROR, "get_exception_handlers cannot be called",
    "The runner calls it on the class, with the default handlers.",
    "Write it as: @classmethod def get_exception_handlers(cls, exception_handlers)",
)  # fmt: skip
MIDDLEWARES_NO_LIST: Final = Rule(
    "WEB006", ERROR, "get_middlewares returns no list",
    "The runner adds each item of the list to the application.",
    "Return a list.",
)  # fmt: skip
MIDDLEWARES_UNCALLABLE: Final = Rule(
    "WEB007", ERROR, "get_middlewares cannot be called",
    "The runner calls it on the class, without arguments.",
    "Write it as: @classmethod def get_middlewares(cls)",
)  # fmt: skip
NO_ROUTE: Final = Rule(
    "WEB008", ERROR, "the application has no route",
    "A web application without endpoints answers nothing.",
    "Decorate at least one method of the class, e.g. with @router.get(...).",
)  # fmt: skip
PROXIED_WRONG: Final = Rule(
    "WEB017", ERROR, "the proxied API is neither a list of paths nor a dictionary",
    "It tells which paths of the Connect API the pages may call.",
    "Give a list of paths, or a dictionary: path to 'view' or 'edit'.",
)  # fmt: skip
PROXIED_TOO_MANY: Final = Rule(
    "WEB018", ERROR, "too many paths of the proxied API",
    f"The platform accepts {constants.PROXIED_CONNECT_API_ENDPOINTS_MAX_ALLOWED_NUMBER}.",
    "Remove paths, or name a common beginning of several.",
)  # fmt: skip
PROXIED_OUTSIDE: Final = Rule(
    "WEB019", ERROR, "a proxied path is outside of the public API",
    "Only the public API and the files API can be called from pages.",
    "Start the path with /public/ or /files.",
)  # fmt: skip
PROXIED_PERMISSION: Final = Rule(
    "WEB020", ERROR, "the permission of a proxied path is wrong",
    "Pages may view, or view and edit.",
    "Write 'view' or 'edit'.",
)  # fmt: skip
MIDDLEWARE_WRONG: Final = Rule(
    "WEB021", ERROR, "an item of get_middlewares is no middleware",
    "Possible are a function, a class, or a tuple of a class and a dictionary of its arguments.",
    "Replace the item.",
)  # fmt: skip

RULES: Final = (
    WRONG_BASE, NOT_WRAPPED, HANDLERS_NO_DICT, NO_EXCEPTION, HANDLERS_UNCALLABLE, MIDDLEWARES_NO_LIST,
    MIDDLEWARES_UNCALLABLE, NO_ROUTE, PROXIED_WRONG, PROXIED_TOO_MANY, PROXIED_OUTSIDE, PROXIED_PERMISSION,
    MIDDLEWARE_WRONG, *PAGE_RULES,
)  # fmt: skip


def check(project: Project) -> Iterator[Finding]:
    """Check the web application, if the project has one."""
    application = project.of_kind("webapp")
    if application is None:
        return
    cls, place = application.cls, project.place_of_class(application.cls)
    if not issubclass(cls, WebApplicationBase):
        yield WRONG_BASE.broken(f"{cls.__qualname__} does not derive from it", place)
        return
    wrapped = project.module_calls(cls, "web_app") is not False
    if not wrapped:
        yield NOT_WRAPPED.broken(f"{cls.__qualname__} is not decorated with @web_app(router)", place)
    yield from _exception_handlers(project, cls)
    yield from _middlewares(project, cls)
    if wrapped and not any(router.routes for router in cls.get_routers()):
        yield NO_ROUTE.broken(f"{cls.__qualname__} has no endpoint", place)
    yield from check_pages(project, cls)
    yield from _proxied(project, cls)


def _exception_handlers(project: Project, cls: type) -> Iterator[Finding]:
    hook: Any = getattr(cls, "get_exception_handlers", None)
    if hook is None:
        return
    place = project.place_of_method(cls, "get_exception_handlers")
    try:
        handlers = hook({})
    except TypeError as error:
        yield HANDLERS_UNCALLABLE.broken(str(error), place)
        return
    if not isinstance(handlers, dict):
        yield HANDLERS_NO_DICT.broken(f"it returns a {type(handlers).__name__}", place)
        return
    for key in handlers:
        # Numbers are statuses: the web framework has handlers for them too.
        if not (isinstance(key, type) and issubclass(key, BaseException)) and not isinstance(key, int):
            yield NO_EXCEPTION.broken(f"{key!r} is no class of exceptions", place)


def _middlewares(project: Project, cls: type) -> Iterator[Finding]:
    hook: Any = getattr(cls, "get_middlewares", None)
    if hook is None:
        return
    place = project.place_of_method(cls, "get_middlewares")
    try:
        items = hook()
    except TypeError as error:
        yield MIDDLEWARES_UNCALLABLE.broken(str(error), place)
        return
    if items is None:
        return
    if not isinstance(items, list):
        yield MIDDLEWARES_NO_LIST.broken(f"it returns a {type(items).__name__}", place)
        return
    for item in items:
        pair = isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], type) and isinstance(item[1], dict)
        if not pair and not callable(item):
            yield MIDDLEWARE_WRONG.broken(f"{item!r} is neither a function nor a class", place)


def _proxied(project: Project, cls: type) -> Iterator[Finding]:
    declared = getattr(cls, constants.PROXIED_CONNECT_API_ATTR_NAME, None)
    if declared is None:
        return
    place = project.place_of_decorator(cls, "proxied_connect_api")
    if not isinstance(declared, (list, tuple, Mapping)) or not all(isinstance(path, str) for path in declared):
        yield PROXIED_WRONG.broken(f"@proxied_connect_api got {type(declared).__name__}", place)
        return
    if len(declared) > constants.PROXIED_CONNECT_API_ENDPOINTS_MAX_ALLOWED_NUMBER:
        yield PROXIED_TOO_MANY.broken(f"{len(declared)} paths are declared", place)
        return
    for path in declared:
        at = project.place_of_decorator(cls, "proxied_connect_api", path)
        if not path.startswith(constants.PROXIED_CONNECT_API_ALLOWED_PREFIXES):
            yield PROXIED_OUTSIDE.broken(f"{path!r} is neither below /public/ nor /files", at)
        if isinstance(declared, Mapping) and declared[path] not in ("view", "edit"):
            yield PROXIED_PERMISSION.broken(f"{path!r} has the permission {declared[path]!r}", at)
