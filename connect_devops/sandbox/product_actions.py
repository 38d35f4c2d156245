"""Product actions: the link that starts one, and what happens when somebody opens it.

The link carries a signed token, as the button of the customer's control panel does; whoever opens it needs no key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import anyio.to_thread
import jwt
from starlette.responses import Response

from connect_devops.answers import http_answer
from connect_devops.domain.errors import DevOpsError, NotFoundError, RuleError, ValidationError
from connect_devops.sandbox.errors import BadAnswerError
from connect_devops.sandbox.kinds import ASSETS, PRODUCT_ACTIONS, PRODUCTS, TIER_CONFIGS
from connect_devops.sandbox.world import World
from connect_devops.services.interactive import InteractiveResult

__all__ = ["EVENT_TYPE", "LINK_PATH", "LinkError", "execute", "link_token", "open_link", "refuse_permanent"]

EVENT_TYPE: Final = "product_action_execution"
LINK_PATH: Final = "/product-actions"
_VALID_FOR: Final = timedelta(minutes=10)
_PERMANENT: Final = frozenset({301, 308})


class LinkError(DevOpsError):
    """The link is not one of ours, or is too old; get a new one."""


def link_token(
    world: World,
    product_id: str,
    action_id: str,
    query: Mapping[str, str],
    api_url: str,
    *,
    extension_id: str | None = None,
) -> str:
    """Make the token of a link for an action on an asset or a tier configuration.

    Args:
        world: the sandbox.
        product_id: the product.
        action_id: the action's id (``ACT-…``) or its own name (``sso_action``).
        query: ``asset_id`` or ``tier_config_id``.
        api_url: base address of the API, for the extension.
        extension_id: the extension that executes it; by default the first one that does.

    Raises:
        NotFoundError: there is no such product or action.
        ValidationError: the object is missing or unknown.
        RuleError: no extension executes this product's actions.
    """
    world.get(PRODUCTS, product_id)
    action = _action(world, product_id, action_id)
    claims: dict[str, Any] = {"action_id": action["action"], "product_id": product_id, "api_url": api_url}
    claims |= _object_of(world, product_id, query)
    subscribers = world.services.events.subscribers(EVENT_TYPE, product_id=product_id, extension_id=extension_id)
    if not subscribers:
        raise RuleError(
            f"action: no extension of {product_id} executes actions ({EVENT_TYPE}); start its runner first."
        )
    environment = subscribers[0]
    expires = world.services.clock.now() + _VALID_FOR
    claims |= {"environment_id": environment.id, "exp": int(expires.timestamp())}
    return jwt.encode(claims, environment.jwt_secret, algorithm="HS256")


def _action(world: World, product_id: str, action_id: str) -> dict[str, Any]:
    for action in world.objects.all(PRODUCT_ACTIONS.collection, parent_id=product_id):
        if action_id in (action["id"], action.get("action")):
            return action
    raise NotFoundError("action", f"{action_id} of {product_id}")


def _object_of(world: World, product_id: str, query: Mapping[str, str]) -> dict[str, str]:
    for name, kind in (("asset_id", ASSETS), ("tier_config_id", TIER_CONFIGS)):
        object_id = query.get(name)
        if not object_id:
            continue
        found = world.find(kind, object_id)
        if found is None:
            raise ValidationError.of(name, f"There is no {kind.noun} {object_id}.")
        if kind.product_of(found) != product_id:
            raise ValidationError.of(name, f"{object_id} belongs to {kind.product_of(found)}, not to {product_id}.")
        return {name: object_id}
    raise ValidationError.of("asset_id", "Either asset_id or tier_config_id is required.")


async def open_link(world: World, token: str) -> Response:
    """Execute the action of a link and answer with what the extension says.

    Raises:
        LinkError: the token is malformed, not ours, or expired.
        BadAnswerError: the extension answered so.
        NotConnectedError, NoAnswerError: from the call.
    """
    result = await execute(world, token)
    refuse_permanent(result)
    return http_answer(result.output)


async def execute(world: World, token: str) -> InteractiveResult:
    """Execute the action of a link, whatever the extension says; raises LinkError and what the call raises."""
    environment_id, claims = await anyio.to_thread.run_sync(_verify, world, token)
    object_id = str(claims.get("asset_id") or claims.get("tier_config_id") or claims.get("product_id"))
    return await world.services.interactive.call(environment_id, EVENT_TYPE, object_id, {"jwt_payload": claims})


def refuse_permanent(result: InteractiveResult) -> None:
    """Raise BadAnswerError if the extension answered an action with a permanent redirect."""
    data = result.output.data
    if isinstance(data, Mapping) and data.get("http_status") in _PERMANENT:
        raise BadAnswerError(
            f"The extension answered the action with {data['http_status']}, a permanent redirect; use 302 instead."
        )


def _verify(world: World, token: str) -> tuple[str, dict[str, Any]]:
    try:
        claimed = jwt.decode(token, options={"verify_signature": False})
        environment = world.services.environments.get(str(claimed.get("environment_id")))
        # The platform's clock can be moved, so the expiry is not compared with the machine's.
        claims = jwt.decode(token, environment.jwt_secret, algorithms=["HS256"], options={"verify_exp": False})
    except (jwt.InvalidTokenError, NotFoundError):
        raise LinkError("This link is not one of this platform.") from None
    expires = claims.get("exp")
    if not isinstance(expires, int) or world.services.clock.now().timestamp() >= expires:
        raise LinkError("This link has expired; get a new one.")
    return environment.id, {name: value for name, value in claims.items() if name != "environment_id"}
