"""The project's env file: found by itself, read with quotes and ``export``; the real environment wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connect_eaas.runner.errors import SettingsError

__all__ = ["EnvFile", "find_env_file", "read_env_file"]


@dataclass(frozen=True)
class EnvFile:
    """An env file that was read; the values are left out of the representation."""

    path: Path
    variables: Mapping[str, str]

    def __repr__(self) -> str:
        return f"EnvFile({str(self.path)!r}, {sorted(self.variables)})"


def find_env_file(project: Path) -> Path | None:
    """The project's env file: ``.<folder>_dev.env``, else the only ``*_dev.env``, else ``.env``; None without one.

    Raises:
        SettingsError: several files fit equally well; names them.
    """
    slug = project.name.replace("-", "_").replace(" ", "_").lower()
    own = project / f".{slug}_dev.env"
    if own.is_file():
        return own
    candidates = sorted({*project.glob(".*_dev.env"), *project.glob("*_dev.env")})
    if len(candidates) > 1:
        names = ", ".join(path.name for path in candidates)
        raise SettingsError(f"{project}: several env files ({names}); choose one with --env-file")
    if candidates:
        return candidates[0]
    plain = project / ".env"
    return plain if plain.is_file() else None


def read_env_file(path: Path) -> EnvFile:
    """Read an env file; a name without a value counts as absent.

    Raises:
        SettingsError: the file is missing, unreadable, or has a line that is no assignment; names file and line.
    """
    from io import StringIO

    from dotenv.main import DotEnv
    from dotenv.parser import parse_stream

    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(f"env file {path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"env file {path}: cannot be read: {error}") from error
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            raise SettingsError(f"env file {path}, line {binding.original.line}: expected NAME=value")
    values = DotEnv(dotenv_path=None, stream=StringIO(text), interpolate=True, override=False).dict()
    return EnvFile(path, {name: value for name, value in values.items() if value is not None})
