"""The environment's variables as applications get them."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["Config"]


class Config(dict[str, Any]):
    """A dict of variables, name to value, whose `KeyError` says which variables there are; never their values."""

    __slots__ = ()

    def __missing__(self, name: object) -> NoReturn:
        known = ", ".join(sorted(map(str, self))) or "none"
        raise KeyError(
            f"the variable {name!r} is not set in this environment; it has {known}. "
            "Declare it with @variables, and give it a value in the environment's variables"
        )
