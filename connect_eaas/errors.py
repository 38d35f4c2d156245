"""What can go wrong between the SDK and an author's code.

::

    SdkError
    ├── DeclarationError (ValueError)    a class or its extension.json declares something impossible
    ├── ResponseError (TypeError)        a handler answered with something that is no response
    └── MissingExtraError (ImportError)  an optional part of the SDK is not installed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DeclarationError", "MissingExtraError", "Problem", "ResponseError", "SdkError"]


class SdkError(Exception):
    """Root of the errors that the SDK raises about an author's code or set-up."""


@dataclass(frozen=True)
class Problem:
    """One wrong declaration: what is wrong and what to do, and where it stands.

    ``line`` counts from 1; ``method`` is the attribute's name on ``class_name``. All places are optional.
    """

    message: str
    file: Path | None = None
    line: int | None = None
    class_name: str | None = None
    method: str | None = None

    def __str__(self) -> str:
        place = ""
        if self.file is not None:
            place = f"{self.file}:{self.line}: " if self.line is not None else f"{self.file}: "
        subject = ".".join(part for part in (self.class_name, self.method) if part)
        return f"{place}{subject}: {self.message}" if subject else f"{place}{self.message}"


class DeclarationError(SdkError, ValueError):
    """Correct the declarations that ``problems`` lists; each names its file, line, class and method where known."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems: Sequence[Problem] = problems


class ResponseError(SdkError, TypeError):
    """Return a response of the task's category from the handler; the text says which class and how."""


class MissingExtraError(SdkError, ImportError):
    """Install the extra that the text names."""

    def __init__(self, extra: str, package: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}: pip install 'connect-extension-sdk[{extra}]'", name=package
        )
        self.extra = extra
