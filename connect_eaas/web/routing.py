"""The router of web applications, class-based views, and the split of routes by authentication."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Final, TypeVar

from connect_eaas.constants import UNAUTHORIZED_ENDPOINT_ATTR_NAME
from connect_eaas.errors import DeclarationError, MissingExtraError, Problem

try:
    from fastapi import APIRouter, Depends
except ImportError as error:
    raise MissingExtraError("web", "fastapi", "A web application") from error

__all__ = ["Router", "router", "split", "web_app"]

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

    def adopt(self, cls: type) -> int:
        """Add the waiting routes to methods of ``cls``, and return how many they are."""
        methods = set(map(id, vars(cls).values()))
        own = [route for route in self._waiting if id(route[1]) in methods]
        self._waiting = [route for route in self._waiting if id(route[1]) not in methods]
        for path, endpoint, options in own:
            super().add_api_route(path, _as_endpoint(cls, endpoint), **options)
        return len(own)


router: Final = Router()
"""Routes of the extension's web applications; the response model is the endpoint's return annotation."""


def web_app(router: APIRouter) -> Callable[[_Class], _Class]:
    """Make a class's methods endpoints: an instance is made for each request, and is their ``self``.

    Attributes of the class whose value is ``Depends(...)`` are resolved for each request and set on the instance.

    Raises:
        DeclarationError: ``router`` is not one of ours, so its methods' routes are broken already.
    """
    if not isinstance(router, Router):
        raise DeclarationError(
            Problem("@web_app needs the router of 'connect_eaas.web' (or another Router of it), not a plain APIRouter")
        )

    def adopt(cls: _Class) -> _Class:
        router.adopt(cls)
        return cls

    return adopt


def split(source: APIRouter = router) -> tuple[APIRouter, APIRouter]:
    """Return two routers that share the routes of ``source``: those that need authentication, and the others."""
    authorized, unauthorized = APIRouter(), APIRouter()
    for route in source.routes:
        endpoint = getattr(route, "endpoint", None)
        free = getattr(endpoint, UNAUTHORIZED_ENDPOINT_ATTR_NAME, False)
        (unauthorized if free else authorized).routes.append(route)
    return authorized, unauthorized


def _is_method(endpoint: Callable[..., Any]) -> bool:
    name = getattr(endpoint, "__qualname__", "").rpartition("<locals>.")[2]
    return inspect.isfunction(endpoint) and "." in name


def _as_endpoint(cls: type, method: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``method`` as a function whose first parameter is a new instance of ``cls``."""
    dependencies = {
        name: value
        for base in reversed(cls.__mro__)
        for name, value in vars(base).items()
        if type(value).__module__ == "fastapi.params" and type(value).__name__ in ("Depends", "Security")
    }

    def instance(**values: Any) -> Any:
        made = cls()
        vars(made).update(values)
        return made

    parameter = inspect.Parameter
    instance.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [parameter(name, parameter.KEYWORD_ONLY, default=value) for name, value in dependencies.items()]
    )
    signature = inspect.signature(method)
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
