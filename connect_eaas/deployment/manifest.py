"""What a repository says about its deployment: ``connect-deployment.yaml`` in its root (``reference/cli.md`` 4.6)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from connect_eaas.deployment.errors import DeploymentError
from connect_eaas.errors import MissingExtraError

__all__ = ["FILE_NAMES", "Icon", "Manifest", "VariableValue", "extract_arguments", "preprocess_variables"]

FILE_NAMES: Final = ("connect-deployment.yaml", "connect-deployment.yml")
_TYPES: Final = ("multiaccount", "transformations")
_ENVIRONMENTS: Final = ("development", "test", "production")
_TEXTS: Final = ("package_id", "name", "type", "env", "icon", "description", "overview", "category", "website")
_ICON_TYPES: Final[Mapping[str, str]] = {
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
}
_MAX_ICON_BYTES: Final = 1_000_000


@dataclass(frozen=True)
class VariableValue:
    """The value that a variable of the environment shall have."""

    value: str = field(repr=False)
    secure: bool = False


@dataclass(frozen=True)
class Icon:
    """A picture from the repository, read into memory."""

    name: str
    content: bytes = field(repr=False)
    content_type: str = "image/png"


@dataclass(frozen=True)
class Manifest:
    """How an extension is deployed. ``env`` is the environment's type; ``overview`` is the text itself."""

    package_id: str
    name: str
    type: str
    env: str = "production"
    description: str | None = None
    overview: str | None = None
    website: str | None = None
    category: str | None = None
    icon: Icon | None = None
    variables: Mapping[str, VariableValue] = field(default_factory=dict)


def extract_arguments(directory: str | Path, environment: Mapping[str, str] | None = None) -> Manifest:
    """Read the manifest of the project in this directory.

    Args:
        directory: root of the checked-out repository.
        environment: gives the values of variables that name none; the process's environment by default.

    Raises:
        DeploymentError: there is no such file, or something in it is wrong; names the file and the key.
    """
    root = Path(directory).resolve()
    file = next((root / name for name in FILE_NAMES if (root / name).is_file()), None)
    if file is None:
        raise DeploymentError(f"the repository has no {' or '.join(FILE_NAMES)} in its root")
    document = _document(_inside(root, file.name, file.name), file.name)
    texts = {name: _text(document, name, file.name) for name in _TEXTS}
    package_id = texts["package_id"]
    if package_id is None:
        raise DeploymentError(f"{file.name}: 'package_id' is missing: it says which extension this is")
    kind = texts["type"] or _guessed_type(root)
    for key, value, allowed in (("type", kind, _TYPES), ("env", texts["env"] or "production", _ENVIRONMENTS)):
        if value not in allowed:
            raise DeploymentError(f"{file.name}: {key!r} must be one of {', '.join(allowed)}, not {value!r}")
    overview = texts["overview"]
    return Manifest(
        package_id=package_id,
        name=texts["name"] or f"Extension for {package_id}",
        type=kind,
        env=texts["env"] or "production",
        description=texts["description"],
        overview=None if overview is None else _read_text(_inside(root, overview, f"{file.name}: 'overview'")),
        website=texts["website"],
        category=texts["category"],
        icon=None if texts["icon"] is None else _icon(root, texts["icon"], file.name),
        variables=preprocess_variables(
            document.get("var"), os.environ if environment is None else environment, file.name
        ),
    )


def preprocess_variables(
    declared: object, environment: Mapping[str, str], file_name: str = FILE_NAMES[0]
) -> dict[str, VariableValue]:
    """Read the key ``var``: a mapping of names to ``{value, secure}``, both optional.

    Raises:
        DeploymentError: a value is no text, or given neither here nor in ``environment``; names the variables.
    """
    if declared is None:
        return {}
    if not isinstance(declared, Mapping):
        raise DeploymentError(f"{file_name}: 'var' must be a mapping of names to value and secure")
    found: dict[str, VariableValue] = {}
    missing: list[str] = []
    for key, entry in declared.items():
        where = f"{file_name}: 'var.{key}"
        if not isinstance(key, str):
            raise DeploymentError(f"{where}': a variable's name is a text; put it in quotes")
        if entry is not None and not isinstance(entry, Mapping):
            raise DeploymentError(f"{where}' must be a mapping with 'value' and 'secure', or empty")
        options: Mapping[str, Any] = entry or {}
        unknown = sorted(str(name) for name in options if name not in ("value", "secure"))
        if unknown:
            raise DeploymentError(f"{where}.{unknown[0]}' is not known; there are 'value' and 'secure'")
        secure = options.get("secure", False)
        if not isinstance(secure, bool):
            raise DeploymentError(f"{where}.secure' must be true or false")
        value = options.get("value")
        if value is None:
            value = environment.get(key)
            if not value:
                missing.append(key)
                continue
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            # 1.10 would come out as 1.1, and yes as True: only its author knows what was meant.
            raise DeploymentError(f"{where}.value' is no text; put it in quotes")
        found[key] = VariableValue(value, secure)
    if missing:
        raise DeploymentError(
            f"{file_name}: no value for {', '.join(missing)}: give one there, or set "
            "a variable of that name in the environment"
        )
    return found


def _document(file: Path, name: str) -> dict[str, Any]:
    try:
        import yaml
    except ImportError as error:
        raise MissingExtraError("cli", "pyyaml", "Reading connect-deployment.yaml") from error
    try:
        document = yaml.safe_load(_read_text(file))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        raise DeploymentError(f"{name}{place}: this is no YAML: {getattr(error, 'problem', None) or error}") from error
    except RecursionError as error:
        raise DeploymentError(f"{name}: nested too deeply") from error
    if not isinstance(document, dict):
        raise DeploymentError(f"{name}: must hold a mapping with at least 'package_id'")
    unknown = sorted(str(key) for key in document if key not in (*_TEXTS, "var"))
    if unknown:
        raise DeploymentError(f"{name}: {unknown[0]!r} is not known; there are {', '.join((*_TEXTS, 'var'))}")
    return document


def _text(document: Mapping[str, Any], key: str, file_name: str) -> str | None:
    value = document.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise DeploymentError(f"{file_name}: {key!r} must be a text that is not empty")
    return value


def _inside(root: Path, name: str, where: str) -> Path:
    """A file of the repository. A link that leads out of it would send another file of this machine away."""
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise DeploymentError(f"{where}: {name} lies outside of the repository")
    if not path.is_file():
        raise DeploymentError(f"{where}: the repository has no file {name}")
    return path


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DeploymentError(f"{file.name}: cannot be read as UTF-8 text: {error}") from error


def _icon(root: Path, name: str, file_name: str) -> Icon:
    path = _inside(root, name, f"{file_name}: 'icon'")
    content_type = _ICON_TYPES.get(path.suffix.lower())
    if content_type is None:
        raise DeploymentError(f"{file_name}: 'icon': {name} must end in one of {', '.join(_ICON_TYPES)}")
    if path.stat().st_size > _MAX_ICON_BYTES:
        raise DeploymentError(f"{file_name}: 'icon': {name} is larger than {_MAX_ICON_BYTES:,} bytes")
    return Icon(path.name, path.read_bytes(), content_type)


def _guessed_type(root: Path) -> str:
    from connect_eaas.runner.errors import ExtensionError
    from connect_eaas.runner.extension import declared_applications

    file = root / "pyproject.toml"
    try:
        declared = declared_applications(file) if file.is_file() else {}
    except ExtensionError as error:
        raise DeploymentError(f"pyproject.toml: {error}; it tells the extension's type unless 'type' does") from error
    return "transformations" if "tfnapp" in declared else "multiaccount"
