"""Opt-in mode in which models that were written for pydantic 1 work on pydantic 2.

It is switched on by ``CONNECT_PYDANTIC1_COMPAT=1``, or in the project's ``pyproject.toml``::

    [tool.connect]
    pydantic1 = true

and applies to the models of the project's own packages only. What it does (``reference/compatibility.md``):

* a field that may be None and has no default gets the default None, unless it is ``...`` or ``Field(...)``;
* numbers are accepted where a text is expected;
* ``class Config`` with the old names, and with aliases in ``fields``;
* an overridden ``dict`` says how the model is serialized, also in answers of endpoints;
* a model equals a dictionary with the same values;
* ``root_validator`` without arguments; validators that take ``field`` and ``config``;
* ``regex`` in ``Field`` and ``constr``, ``const`` and ``allow_mutation`` in ``Field``, ``min_items`` and ``max_items``
  in ``conlist`` and ``conset``; fields without an annotation;
* ``json`` with the options of ``json.dumps``;
* decimals, moments and durations are written as they were (``pydantic1_encoders``).

What it does not: texts and types of validation errors, and ``None`` returned where an endpoint declares a model.

Importing this module imports the standard library only; ``activate`` imports pydantic.
"""

from __future__ import annotations

import functools
import inspect
import json
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

from connect_eaas.pydantic1_encoders import encoded, merged

__all__ = ["VARIABLE", "activate", "activate_if_wanted", "is_wanted", "own_packages"]

VARIABLE: Final = "CONNECT_PYDANTIC1_COMPAT"
_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"", "0", "false", "no", "off"})
_REQUIRED: Final = "__connect_required__"
_RENAMED: Final[Mapping[str, str]] = {
    "orm_mode": "from_attributes",
    "allow_population_by_field_name": "populate_by_name",
    "anystr_strip_whitespace": "str_strip_whitespace",
    "anystr_lower": "str_to_lower",
    "anystr_upper": "str_to_upper",
    "min_anystr_length": "str_min_length",
    "max_anystr_length": "str_max_length",
    "schema_extra": "json_schema_extra",
    "validate_all": "validate_default",
    "keep_untouched": "ignored_types",
}
_packages: set[str] = set()
_activated = False
# Fields made by `Field(...)`: pydantic 2 does not tell them from `Field()`.
_explicitly_required: list[Any] = []
# Fields made by `Field(…, const=True)`: they take their default only.
_constant: list[Any] = []
_VALUES: Final = (str, int, float, bool, list, dict, set, tuple, Decimal, date, time, timedelta, Enum)
"""Types of values that make a field where a class body assigns them without an annotation."""
_SHAPE: Final = frozenset({"include", "exclude", "by_alias", "exclude_unset", "exclude_defaults", "exclude_none"})
# Models whose own `dict` is running: what it calls must not come back to it.
_in_dict: ContextVar[frozenset[int]] = ContextVar("in_dict", default=frozenset())


def is_wanted(project: Path, environment: Mapping[str, str]) -> bool:
    """Tell whether the mode is switched on; the environment variable wins over the project's file.

    Raises:
        ValueError: the setting is neither yes nor no; says where.
    """
    text = environment.get(VARIABLE)
    if text is not None and text.strip():
        if text.strip().lower() not in _YES | _NO:
            raise ValueError(f"{VARIABLE}: expected 1 or 0, got {text!r}")
        return text.strip().lower() in _YES
    connect = _document(project).get("tool", {}).get("connect", {})
    wanted = connect.get("pydantic1", False) if isinstance(connect, dict) else False
    if not isinstance(wanted, bool):
        raise ValueError(f"{project / 'pyproject.toml'}: tool.connect.pydantic1: expected true or false")
    return wanted


def own_packages(project: Path, references: Iterable[str] = ()) -> set[str]:
    """Return the top-level packages of a project: those of its entry points, and those that lie in its directory."""
    found = {reference.partition(":")[0].strip().partition(".")[0] for reference in references}
    for root in (project, project / "src"):
        if root.is_dir():
            found |= {path.parent.name for path in root.glob("*/*.py")} | {path.stem for path in root.glob("*.py")}
    return {name for name in found if name.isidentifier()}


def activate_if_wanted(project: Path, environment: Mapping[str, str], references: Iterable[str] = ()) -> set[str]:
    """Switch the mode on for a project that asks for it, before its modules are imported.

    Args:
        project: the extension's directory.
        environment: environment variables.
        references: ``module:Class`` of its entry points.

    Returns:
        The packages for which it was switched on by this call; none if it is not wanted, or was on already.

    Raises:
        ValueError: the setting is neither yes nor no; says where.
    """
    if not is_wanted(project, environment):
        return set()
    fresh = own_packages(project, references) - _packages
    activate(fresh)
    return fresh


def activate(packages: Iterable[str]) -> None:
    """Let models of these packages that are defined from now on behave as under pydantic 1."""
    global _activated
    _packages.update(packages)
    if _activated:
        return
    _activated = True
    pydantic: Any = import_module("pydantic")
    metaclass: Any = type(pydantic.BaseModel)
    make = metaclass.__new__

    def new(
        mcs: type, name: str, bases: tuple[type, ...], namespace: dict[str, Any], *rest: Any, **options: Any
    ) -> Any:
        if not bases or not _is_ours(namespace):
            return make(mcs, name, bases, namespace, *rest, **options)
        old = namespace.get("Config")
        made = make(mcs, name, bases, _translated(pydantic, bases, dict(namespace)), *rest, **options)
        if old is not None:
            # Its subclasses may derive their own one from it.
            type.__setattr__(made, "Config", old)
        return made

    metaclass.__new__ = new
    pydantic.Field = _field(pydantic.Field)
    pydantic.root_validator = _root_validator(pydantic.root_validator)
    pydantic.validator = _validator(pydantic)
    pydantic.constr = _renaming(pydantic.constr, {"regex": "pattern"})
    for name in ("conlist", "conset", "confrozenset"):
        setattr(
            pydantic, name, _renaming(getattr(pydantic, name), {"min_items": "min_length", "max_items": "max_length"})
        )
    warnings.filterwarnings("ignore", category=pydantic.PydanticDeprecatedSince20)


def _document(project: Path) -> dict[str, Any]:
    file = project / "pyproject.toml"
    if not file.is_file() or "pydantic1" not in file.read_text(encoding="utf-8", errors="replace"):
        return {}
    toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    document: dict[str, Any] = toml.loads(file.read_text(encoding="utf-8"))
    return document


def _is_ours(namespace: Mapping[str, Any]) -> bool:
    return str(namespace.get("__module__", "")).partition(".")[0] in _packages


def _translated(pydantic: Any, bases: tuple[type, ...], namespace: dict[str, Any]) -> dict[str, Any]:
    """The class body, with what pydantic 2 needs."""
    annotations = namespace["__annotations__"] = dict(namespace.get("__annotations__", {}))
    for name, value in list(namespace.items()):
        if any(value is field for field in _constant):
            annotations[name] = Literal[value.default]
        elif name not in annotations and not name.startswith("_") and _makes_field(pydantic, value):
            annotations[name] = _annotation_of(bases, name, value)
    namespace[_REQUIRED] = frozenset(
        name
        for name, value in namespace.items()
        if value is ... or any(value is field for field in _explicitly_required)
    ) | {name for name in annotations if namespace.get(name) is ...}
    config: dict[str, Any] = dict(namespace.pop("model_config", {}))
    old = namespace.pop("Config", None)
    if old is not None:
        config = {**_config(old), **config}
    known: Mapping[str, Any] = next((base.model_config for base in bases if hasattr(base, "model_config")), {})
    if "coerce_numbers_to_str" not in known:
        config.setdefault("coerce_numbers_to_str", True)
    config["json_encoders"] = merged(known.get("json_encoders"), config.get("json_encoders"))
    namespace["model_config"] = pydantic.ConfigDict(**config)
    plain = pydantic.BaseModel.json
    if "json" not in namespace and all(getattr(base, "json", plain) is plain for base in bases):
        namespace["json"] = _json
    if "__eq__" not in namespace:
        namespace["__eq__"] = _equals
    if "__get_pydantic_core_schema__" not in namespace:
        namespace["__get_pydantic_core_schema__"] = classmethod(_core_schema)
    return namespace


def _config(old: type) -> dict[str, Any]:
    values = {name: getattr(old, name) for name in dir(old) if not name.startswith("__")}
    config: dict[str, Any] = {}
    known = import_module("pydantic").ConfigDict.__annotations__
    for name, value in values.items():
        if name == "allow_mutation":
            config["frozen"] = not value
        elif name == "fields":
            config["alias_generator"] = _aliases(value, values.get("alias_generator"))
        elif name == "alias_generator" and "fields" in values:
            continue
        elif _RENAMED.get(name, name) in known:
            config[_RENAMED.get(name, name)] = getattr(value, "value", value) if name == "extra" else value
    return config


def _aliases(fields: Mapping[str, Any], others: Callable[[str], str] | None) -> Callable[[str], str]:
    named = {name: value if isinstance(value, str) else value.get("alias") for name, value in fields.items()}

    def alias(name: str) -> str:
        return named.get(name) or (others(name) if others is not None else name)

    return alias


def _core_schema(cls: Any, source: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    schema = handler(source)
    model = _model_part(schema)
    if model is None:
        return schema
    fields = _fields_part(model["schema"])
    required = {name for base in cls.__mro__ for name in base.__dict__.get(_REQUIRED, ())}
    for name, field in fields.items():
        inner = field["schema"]
        if name not in required and _without_validators(inner)["type"] in ("nullable", "any", "none"):
            info = cls.__pydantic_fields__.get(name)
            field["schema"] = {
                "type": "default",
                "schema": inner,
                "default": None,
                # A validator with `always=True` asks for it.
                "validate_default": bool(info is not None and info.validate_default),
            }
            if info is not None:
                info.default = None
    if cls.dict is not _base_model().dict and "serialization" not in model:
        model["serialization"] = {
            "type": "function-wrap",
            "function": _by_own_dict,
            "info_arg": True,
        }
    return schema


def _base_model() -> Any:
    return import_module("pydantic").BaseModel


def _model_part(schema: Any) -> Any:
    """The schema of the model itself, below validators around it."""
    while isinstance(schema, dict) and schema.get("type") != "model":
        schema = schema.get("schema")
    return schema


def _fields_part(schema: Any) -> dict[str, Any]:
    while isinstance(schema, dict) and schema.get("type") != "model-fields":
        schema = schema.get("schema")
    return schema["fields"] if isinstance(schema, dict) else {}


def _without_validators(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a field's type, below the validators around it."""
    while schema["type"] in ("function-after", "function-before", "function-wrap"):
        schema = schema["schema"]
    return schema


def _makes_field(pydantic: Any, value: Any) -> bool:
    return isinstance(value, _VALUES) or type(value) is pydantic.fields.FieldInfo


def _annotation_of(bases: tuple[type, ...], name: str, value: Any) -> Any:
    """The type of a field without an annotation: that of the base's field, else that of its value."""
    for base in bases:
        known = getattr(base, "__pydantic_fields__", {}).get(name)
        if known is not None:
            return known.annotation
    return type(value) if isinstance(value, _VALUES) else type(value.default)


def _json(self: Any, *, encoder: Any = None, models_as_dict: bool = True, **options: Any) -> str:
    """Write the model as ``json.dumps`` does, with its options."""
    shape = {name: options.pop(name) for name in list(options) if name in _SHAPE}
    if encoder is not None:
        return json.dumps(self.model_dump(**shape), default=encoder, **options)
    return json.dumps(self.model_dump(mode="json", **shape), **options)


def _by_own_dict(self: Any, handler: Callable[[Any], Any], info: Any) -> Any:
    running = _in_dict.get()
    if id(self) in running or not hasattr(self, "dict"):
        return handler(self)
    token = _in_dict.set(running | {id(self)})
    try:
        shaped = self.dict(
            by_alias=bool(info.by_alias),
            exclude_unset=info.exclude_unset,
            exclude_defaults=info.exclude_defaults,
            exclude_none=info.exclude_none,
        )
    finally:
        _in_dict.reset(token)
    return encoded(shaped, type(self).model_config["json_encoders"]) if info.mode == "json" else shaped


def _equals(self: Any, other: object) -> bool:
    if hasattr(other, "model_dump"):
        return bool(self.model_dump() == other.model_dump())
    return bool(self.model_dump() == other)


def _field(make: Any) -> Any:
    def field(*arguments: Any, **options: Any) -> Any:
        if "regex" in options:
            options["pattern"] = options.pop("regex")
        if "allow_mutation" in options:
            options["frozen"] = not options.pop("allow_mutation")
        constant = options.pop("const", None)
        made = make(*arguments, **options)
        if constant:
            _constant.append(made)
        if (arguments and arguments[0] is ...) or options.get("default") is ...:
            _explicitly_required.append(made)
        return made

    return field


@dataclass(frozen=True)
class _FieldName:
    """What a validator gets as ``field``; more than the name is not known."""

    name: str

    @property
    def alias(self) -> str:
        return self.name


def _validator(pydantic: Any) -> Any:
    """``validator`` for functions that also take ``field`` or ``config``."""
    make = pydantic.validator

    def validator(*fields: Any, **options: Any) -> Any:
        decorate = make(*fields, **options)

        def adapted(function: Any) -> Any:
            inner = getattr(function, "__func__", function)
            taken = inspect.signature(inner).parameters.keys() & {"field", "config"}
            if not taken or getattr(inner, "__module__", "").partition(".")[0] not in _packages:
                return decorate(function)
            takes_values = "values" in inspect.signature(inner).parameters

            def call(cls: Any, value: Any, values: Mapping[str, Any], name: str) -> Any:
                known: dict[str, Any] = {"field": _FieldName(name), "config": getattr(cls, "Config", None)}
                more = {name: known[name] for name in taken} | ({"values": values} if takes_values else {})
                return inner(cls, value, **more)

            if len(fields) == 1 and fields[0] != "*":

                @functools.wraps(inner)
                def one(cls: Any, value: Any, values: Any) -> Any:
                    return call(cls, value, values, fields[0])

                del one.__wrapped__  # its signature is its own
                return decorate(one)

            @functools.wraps(inner)
            def any_of(cls: Any, value: Any, info: Any) -> Any:
                return call(cls, value, info.data, info.field_name)

            del any_of.__wrapped__
            mode = "before" if options.get("pre") else "after"
            return pydantic.field_validator(*fields, mode=mode, check_fields=options.get("check_fields"))(any_of)

        return adapted

    return validator


def _renaming(make: Any, names: Mapping[str, str]) -> Any:
    """A function that also takes the older names of its options."""

    @functools.wraps(make)
    def renamed(*arguments: Any, **options: Any) -> Any:
        return make(*arguments, **{names.get(name, name): value for name, value in options.items()})

    return renamed


def _root_validator(make: Any) -> Any:
    def root_validator(*arguments: Any, **options: Any) -> Any:
        # Used without parentheses: the function is the only argument.
        if arguments and not options and callable(arguments[0]):
            return make(skip_on_failure=True)(arguments[0])
        if not options.get("pre"):
            options["skip_on_failure"] = True
        return make(*arguments, **options)

    return root_validator
