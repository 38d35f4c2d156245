"""Templates of products: finding the one that an action names, and filling it in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from connect_devops.domain.errors import ValidationError
from connect_devops.sandbox.kinds import PRODUCT_TEMPLATES
from connect_devops.sandbox.world import World

__all__ = ["choose", "render"]

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([\w.\-]+)\s*\}\}")


def choose(
    world: World, product_id: str | None, template_id: str, *, type_: str | None, scope: str, field: str
) -> dict[str, Any]:
    """The template that a client names.

    A product that is only known from an imported payload has no templates here; any id is taken then.

    Args:
        world: the sandbox.
        product_id: the product that the template must belong to.
        template_id: its id.
        type_: ``fulfillment`` or ``inquire``; None where templates have no type (tier configurations).
        scope: ``asset``, ``tier1`` or ``tier2``.
        field: the client's field, for the error.

    Raises:
        ValidationError: the product has templates, but not this one, or it is for something else.
    """
    known = world.objects.all(PRODUCT_TEMPLATES.collection, parent_id=product_id or "")
    if not known:
        return {"id": template_id, "name": template_id}
    for template in known:
        if template["id"] == template_id:
            if template.get("scope") != scope or (type_ is not None and template.get("type") != type_):
                wanted = f"{scope} {type_}" if type_ else scope
                is_for = " ".join(str(template[name]) for name in ("scope", "type") if template.get(name))
                raise ValidationError.of(field, f"{template_id} is a template for {is_for}, not for {wanted}.")
            return template
    ids = ", ".join(
        template["id"]
        for template in known
        if template.get("scope") == scope and (type_ is None or template.get("type") == type_)
    )
    raise ValidationError.of(field, f"{template_id} is not a template of {product_id} (possible: {ids or 'none'}).")


def render(body: str, params: Iterable[Mapping[str, Any]]) -> str:
    """Fill the values of parameters into a template's text; unknown placeholders become empty."""
    values = {str(param.get("id")): str(param.get("value") or "") for param in params}
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), body)
