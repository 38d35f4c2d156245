"""Rules for single answers. Each returns what is wrong and what to do, or None."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata

__all__ = [
    "check_api_key",
    "check_environment_id",
    "check_line",
    "check_package",
    "check_server_address",
    "check_slug",
    "check_version",
    "slug_of",
]

_MAX_LINE = 256
_MAX_NAME = 64
_SLUG = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
# The forms of PEP 440 that people write; without epochs and local labels, which package indexes refuse.
_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*((a|b|rc)[0-9]+)?(\.post[0-9]+)?(\.dev[0-9]+)?")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_ENVIRONMENT = re.compile(r"ENV-[0-9]+(?:-[0-9]+)*|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_API_KEY = re.compile(r"ApiKey [A-Za-z0-9:_.=+/-]+")
_MAX_PORT = 65535

# Importing the project's package under one of these names would hide somebody else's module, or be hidden by it.
_MODULES = frozenset(
    {"anvil", "connect", "connect_cli_ext", "connect_devops", "connect_eaas", "fastapi", "pydantic", "pytest"}
)
# Folders of a project that are there already, or that git does not look into.
_FOLDERS = frozenset({"build", "dist", "htmlcov", "node_modules", "tests", "ui", "wheels"})


def check_line(text: str) -> str | None:
    """A text of one line that must not be empty."""
    if not text.strip():
        return "an answer is needed"
    if len(text) > _MAX_LINE:
        return f"at most {_MAX_LINE} characters, this has {len(text)}"
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
        return "must be one line without control characters"
    return None


def slug_of(name: str) -> str:
    """Derive a folder name from a display name: lower case, what separates words becomes an underscore."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9_]+", "_", re.sub(r"[,']", "", ascii_name.lower()))
    slug = re.sub(r"_+", "_", words).strip("_")[:_MAX_NAME].rstrip("_")
    if not slug:
        return "extension"
    return slug if slug[0].isalpha() else f"extension_{slug}"[:_MAX_NAME].rstrip("_")


def check_slug(text: str) -> str | None:
    """The name of the project's folder, which services and the distribution are named after."""
    if not text:
        return "an answer is needed"
    if len(text) > _MAX_NAME:
        return f"at most {_MAX_NAME} characters, this has {len(text)}"
    if not _SLUG.fullmatch(text):
        return "use letters, digits, '_' and '-' only, start with a letter and end with a letter or digit"
    return None


def check_version(text: str) -> str | None:
    """A version that Python's packaging tools accept."""
    return None if _VERSION.fullmatch(text) else "must be a version like 0.1.0 or 1.2.3rc1"


def check_package(text: str) -> str | None:
    """The name of the Python package."""
    if not text:
        return "an answer is needed"
    if not text.isidentifier() or not text.isascii():
        return "must be a Python identifier: letters, digits and '_', not starting with a digit"
    if len(text) > _MAX_NAME:
        return f"at most {_MAX_NAME} characters, this has {len(text)}"
    if keyword.iskeyword(text):
        return f"'{text}' is a keyword of Python: choose another name"
    if text.lower() in _FOLDERS:
        return f"'{text}' is the name of another folder of the project: choose another name"
    if text in _MODULES or text in sys.stdlib_module_names:
        return f"'{text}' is the name of another module: choose another name"
    return None


def check_server_address(text: str) -> str | None:
    """Host and, if need be, port of the API."""
    if "/" in text:
        return "give the host name only, without https:// and without a path, e.g. api.connect.cloudblue.com"
    found = _HOST.fullmatch(text)
    if found is None or int(found["port"] or 1) not in range(1, _MAX_PORT + 1):
        return "must be a host name, with a port if need be, e.g. api.connect.cloudblue.com or localhost:8088"
    return None


def check_api_key(text: str) -> str | None:
    """The API key, or nothing. The message does not repeat it."""
    if text and not _API_KEY.fullmatch(text):
        return "must be the whole text 'ApiKey SU-…:…' as the Integrations module shows it, or empty"
    return None


def check_environment_id(text: str) -> str | None:
    """The id of an environment, or nothing."""
    if text and not _ENVIRONMENT.fullmatch(text):
        return "must be an id like ENV-0000-0000-01 from the widget Local Access, or empty"
    return None
