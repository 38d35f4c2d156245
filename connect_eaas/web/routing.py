"""The router of web applications, class-based views, and the split of routes by authentication."""

from __future__ import annotations

import copy
import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from connect_eaas.constants import UNAUTHORIZED_ENDPOINT_ATTR_NAME
from connect_eaas.errors import MissingExtraError

try:
    from fastapi import APIRouter, Depends
    from fastapi.routing import APIRoute
except ImportError as error:
    raise MissingExtraError("web", "fastapi", "A web application") from error

__all__ = ["Endpoint", "Router", "current_router", "endpoints", "router", "split", "web_app"]

_Class = TypeVar("_Class", bound=type)


class Router(APIRouter):
    """A router whose endpoints may be methods of a class that is decorated with ``@web_app(router)``.

    FastAPI reads an endpoint's parameters when its route is added, and a method's ``self`` is none of them. So the
    routes of methods wait here until ``web_app`` says of which class they are.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waiting: list[tuple[str, Callable[..., Any], dict[str, Any]]] = []

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route; one to a method is added when its class is known."""
        if _is_method(endpoint):
            self._waiting.append((path, endpoint, options))
        else:
            super().add_api_route(path, endpoint, **options)

    def adopt(self, cls: type) -> None:
        """Add the waiting routes to methods of ``cls``, those that it inherits included."""
        methods = _methods(cls)
        own = [route for route in self._waiting if id(route[1]) in methods]
        self._waiting = [route for route in self._waiting if id(route[1]) not in methods]
        for path, endpoint, options in own:
            super().add_api_route(path, _as_endpoint(cls, endpoint), **options)


router: Final = Router()
"""Routes of the extension's web applications; the response model is the endpoint's return annotation."""


def web_app(router: APIRouter) -> Callable[[_Class], _Class]:
    """Make a class's methods endpoints: an instance is made for each request, and is their ``self``.

    Attributes of the class that are ``Depends(...)`` (or ``Annotated`` with it, or ``Header()`` and the like), and the
    parameters of its constructor, are resolved for each request.

    Args:
        router: on which the methods were registered; ours, or any other ``APIRouter``.
    """

    def adopt(cls: _Class) -> _Class:
        if isinstance(router, Router):
            router.adopt(cls)
        else:
            _rebuild(router, cls)
        return cls

    return adopt


def current_router() -> APIRouter:
    """Return the router whose routes are served: ``router``, or what a test put in its place in the old module."""
    module = sys.modules.get("connect.eaas.core.extension")
    replaced = vars(module).get("router") if module is not None else None
    return replaced if isinstance(replaced, APIRouter) else router


def split(source: APIRouter | None = None) -> tuple[APIRouter, APIRouter]:
    """Return two routers that share the routes of ``source``: those that need authentication, and the others.

    Routes of routers that ``source`` includes are split likewise; prefixes and dependencies of their inclusion stay.
    What ``source`` does at the start and at the end goes with the first of them.

    Args:
        source: by default, the router of web applications.
    """
    source = source or current_router()
    authorized, unauthorized = APIRouter(), APIRouter()
    for part, wanted in ((authorized, False), (unauthorized, True)):
        part.routes.extend(_selected(source.routes, unauthorized=wanted))
    # What is to be done at the start and at the end; once, although the routes are served in three places.
    authorized.lifespan_context = source.lifespan_context
    return authorized, unauthorized


def _selected(routes: Iterable[Any], *, unauthorized: bool) -> list[Any]:
    found = []
    for route in routes:
        inner = getattr(route, "original_router", None)
        if isinstance(inner, APIRouter):
            # An included router; FastAPI before 0.137 copied its routes instead.
            part = copy.copy(inner)
            part.routes = _selected(inner.routes, unauthorized=unauthorized)
            if unauthorized and hasattr(part, "_low_priority_routes"):
                # Files of a frontend: never marked, so never open.
                part._low_priority_routes = []
            found.append(type(route)(original_router=part, include_context=route.include_context))
        elif _is_unauthorized(route) is unauthorized:
            found.append(route)
    return found


@dataclass(frozen=True)
class Endpoint:
    """A method and path that is served, for people; ``path`` is the one below ``/api`` or ``/unauthorized``."""

    method: str
    path: str
    summary: str


def endpoints(router: APIRouter, prefix: str = "") -> Iterator[Endpoint]:
    """Yield the endpoints of a router and of those that it includes, in their order."""
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if isinstance(inner, APIRouter):
            context: Any = getattr(route, "include_context", None)
            yield from endpoints(inner, prefix + context.prefix)
        elif isinstance(route, APIRoute):
            summary = route.summary or route.name.replace("_", " ").capitalize()
            for method in sorted(route.methods or ()):
                yield Endpoint(method, prefix + route.path, summary)


def _is_unauthorized(route: Any) -> bool:
    return bool(getattr(getattr(route, "endpoint", None), UNAUTHORIZED_ENDPOINT_ATTR_NAME, False))


def _rebuild(router: APIRouter, cls: type) -> None:
    """Replace the routes to methods of ``cls`` on a router that took them for functions."""
    methods = _methods(cls)
    names = [name for name in inspect.signature(APIRoute.__init__).parameters if name not in ("self", "endpoint")]
    for index, route in enumerate(router.routes):
        if isinstance(route, APIRoute) and id(route.endpoint) in methods:
            options = {name: getattr(route, name) for name in names if hasattr(route, name)}
            router.routes[index] = type(route)(endpoint=_as_endpoint(cls, route.endpoint), **options)
    changed = getattr(router, "_mark_routes_changed", None)
    if changed is not None:
        changed()


def _methods(cls: type) -> set[int]:
    return {id(value) for base in cls.__mro__ for value in vars(base).values() if inspect.isfunction(value)}


def _is_method(endpoint: Callable[..., Any]) -> bool:
    name = getattr(endpoint, "__qualname__", "").rpartition("<locals>.")[2]
    return inspect.isfunction(endpoint) and "." in name


def _as_endpoint(cls: type, method: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``method`` as a function whose first parameter is a new instance of ``cls``."""
    parameter = inspect.Parameter
    attributes = _attributes(cls)
    constructed = _constructor_parameters(cls)

    # A coroutine: FastAPI would run a plain function in a thread, once more for each request.
    async def instance(**values: Any) -> Any:
        made = cls(**{name: values.pop(name) for name in constructed})
        vars(made).update(values)
        return made

    instance.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [item.replace(kind=parameter.KEYWORD_ONLY) for item in {**attributes, **constructed}.values()]
    )
    signature = _signature(method)
    first, *others = signature.parameters.values()
    bound = [first.replace(kind=parameter.KEYWORD_ONLY, default=Depends(instance), annotation=parameter.empty)]
    bound += [item.replace(kind=parameter.KEYWORD_ONLY) for item in others]

    async def call_async(**arguments: Any) -> Any:
        return await method(**arguments)

    def call(**arguments: Any) -> Any:
        return method(**arguments)

    endpoint: Callable[..., Any] = call_async if inspect.iscoroutinefunction(method) else call
    # FastAPI reads the signature, and calls by keywords. Marks such as that of @unauthorized are taken over.
    functools.update_wrapper(endpoint, method)
    endpoint.__signature__ = signature.replace(parameters=bound)  # type: ignore[attr-defined]
    return endpoint


def _signature(method: Callable[..., Any]) -> inspect.Signature:
    """The signature with annotations resolved where the method is defined, as far as possible."""
    try:
        return inspect.signature(method, eval_str=True)
    except Exception:
        # A name that exists for type checkers only; FastAPI has its own ways with those.
        return inspect.signature(method)


def _attributes(cls: type) -> dict[str, inspect.Parameter]:
    """The class's attributes that FastAPI is to fill, as parameters."""
    found: dict[str, inspect.Parameter] = {}
    for base in reversed(cls.__mro__):
        hints = _hints(base)
        for name, value in {**dict.fromkeys(hints, inspect.Parameter.empty), **vars(base)}.items():
            hint = hints.get(name, inspect.Parameter.empty)
            if _is_filled(value) or any(_is_filled(item) for item in getattr(hint, "__metadata__", ())):
                kept = value if _is_filled(value) else inspect.Parameter.empty
                found[name] = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=kept, annotation=hint)
            else:
                found.pop(name, None)
    return found


def _hints(cls: type) -> dict[str, Any]:
    """The class's own annotations; none if one of them is there for type checkers only."""
    try:
        return inspect.get_annotations(cls, eval_str=True)
    except Exception:
        return {}


def _is_filled(value: Any) -> bool:
    return type(value).__module__ == "fastapi.params"


def _constructor_parameters(cls: type) -> dict[str, inspect.Parameter]:
    constructor = cls.__init__  # type: ignore[misc]
    if constructor is object.__init__:
        return {}
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = list(inspect.signature(constructor, eval_str=False).parameters.values())[1:]
    return {item.name: item for item in parameters if item.kind not in variable}
