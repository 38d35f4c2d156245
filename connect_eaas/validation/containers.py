"""Rules on the compose file and the Dockerfiles of its services."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from connect_eaas.validation.project import Project
from connect_eaas.validation.rule import ERROR, WARNING, Finding, Place, Rule
from connect_eaas.validation.text_file import UnreadableError, line_of

__all__ = ["RULES", "check"]

_NAMES: Final = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_PUBLIC_RUNNER: Final = "cloudblueconnect/connect-extension-runner"

NO_FILE: Final = Rule(
    "DOC001", WARNING, "there is no compose file",
    "Without one the extension cannot be started with `docker compose up`.",
    "Add a docker-compose.yml, or leave it so if the extension is started in another way.",
    blocks=False,
)  # fmt: skip
NOT_COMPOSE: Final = Rule(
    "DOC002", ERROR, "the compose file cannot be read",
    "Docker refuses it too.",
    "Correct the line that the message names.",
    blocks=False,
)  # fmt: skip
PUBLIC_IMAGE: Final = Rule(
    "DOC003", WARNING, "a service runs the image of the public runner",
    "That image brings its own cextrun and its own libraries, not this SDK.",
    "Build the service from the project's Dockerfile, with the SDK among the project's dependencies.",
    blocks=False,
)  # fmt: skip
NO_DOCKERFILE: Final = Rule(
    "DOC004", ERROR, "the Dockerfile of a service is missing",
    "The service cannot be built.",
    "Add the file, or correct build.context and build.dockerfile.",
    blocks=False,
)  # fmt: skip
NO_FROM: Final = Rule(
    "DOC005", ERROR, "a Dockerfile has no FROM",
    "Every Dockerfile starts from an image.",
    "Add the image: FROM python:3.12-slim",
    blocks=False,
)  # fmt: skip
PUBLIC_BASE: Final = Rule(
    "DOC006", WARNING, "a Dockerfile is based on the image of the public runner",
    "That image brings its own cextrun and its own libraries, not this SDK.",
    "Start from a Python image and install the project, which brings the SDK: FROM python:3.12-slim",
    blocks=False,
)  # fmt: skip
NO_IMAGE: Final = Rule(
    "DOC007", ERROR, "a service has neither an image nor a build",
    "Docker does not know what to run.",
    "Give the service `image` or `build`.",
    blocks=False,
)  # fmt: skip
NO_STAGE: Final = Rule(
    "DOC008", ERROR, "a service builds a stage that its Dockerfile does not have",
    "The service cannot be built.",
    "Correct build.target, or name a stage of the Dockerfile so: FROM image AS name",
    blocks=False,
)  # fmt: skip

RULES: Final = (NO_FILE, NOT_COMPOSE, PUBLIC_IMAGE, NO_DOCKERFILE, NO_FROM, PUBLIC_BASE, NO_IMAGE, NO_STAGE)


def check(project: Project) -> Iterator[Finding]:
    """Check the project's compose file: the first of the names that Docker looks for."""
    path = next((project.root / name for name in _NAMES if (project.root / name).is_file()), None)
    if path is None:
        yield NO_FILE.broken("none of " + ", ".join(_NAMES), Place(project.root / "docker-compose.yml"))
        return
    import yaml

    try:
        text = project.files.read(path)
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # both are safe
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        yield NOT_COMPOSE.broken(f"not YAML: {reason}", Place(path, mark.line + 1 if mark is not None else None))
        return
    except (UnreadableError, ValueError, RecursionError, FileNotFoundError) as error:
        yield NOT_COMPOSE.broken(f"{path.name}: {error or 'nested too deeply'}", Place(path))
        return
    services = content.get("services") if isinstance(content, dict) else None
    if not isinstance(services, dict) or not services:
        yield NOT_COMPOSE.broken("it has no 'services'", Place(path))
        return
    for name, service in services.items():
        place = Place(path, line_of(text, rf"^[ \t]+[\"']?{re.escape(str(name))}[\"']?\s*:", after=r"^services\s*:"))
        if not isinstance(service, dict):
            yield NOT_COMPOSE.broken(f"the service {name!r} has no content", place)
            continue
        yield from _service(project, str(name), service, place)


def _service(project: Project, name: str, service: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    image, build = service.get("image"), service.get("build")
    if build is None:
        if isinstance(image, str) and image.strip():
            if _is_public(image):
                yield PUBLIC_IMAGE.broken(f"the service {name!r} runs {image}", place)
        elif "extends" not in service and "provider" not in service:
            yield NO_IMAGE.broken(f"the service {name!r} has neither 'image' nor 'build'", place)
        return
    described: Mapping[str, Any] = build if isinstance(build, dict) else {"context": build}
    context, target = described.get("context", "."), described.get("target")
    if isinstance(described.get("dockerfile_inline"), str):
        yield from _dockerfile(name, described["dockerfile_inline"], target, place, None)
        return
    if not isinstance(context, str) or "://" in context or "$" in context or context.startswith("git@"):
        return
    file = described.get("dockerfile", "Dockerfile")
    if not isinstance(file, str) or "$" in file:
        return
    path = (project.root / context / file).resolve()
    try:
        text = project.files.read(path)
    except FileNotFoundError:
        yield NO_DOCKERFILE.broken(f"the service {name!r} builds from {context}/{file}, which does not exist", place)
    except UnreadableError as error:
        yield NO_DOCKERFILE.broken(f"the Dockerfile of the service {name!r} {error}", place)
    else:
        yield from _dockerfile(name, text, target, place, path)


@dataclass
class _Stages:
    """What the FROM lines of a Dockerfile say; ``bases`` holds for each stage its image or earlier stage, and line."""

    bases: list[tuple[str, int]] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)

    def image_of(self, number: int) -> tuple[str, int]:
        """Return the image at the bottom of a stage, and the line where it is named."""
        base, line = self.bases[number]
        earlier = self.names.get(base.lower())
        return self.image_of(earlier) if earlier is not None and earlier < number else (base, line)


def _dockerfile(service: str, text: str, target: object, place: Place, path: Path | None) -> Iterator[Finding]:
    """Check a Dockerfile; ``place`` is that of the service, ``path`` None if the text stands there too."""
    stages = _stages(text)
    if not stages.bases:
        at = Place(path) if path is not None else place
        yield NO_FROM.broken(f"no FROM in the Dockerfile of the service {service!r}", at)
        return
    chosen = len(stages.bases) - 1
    if isinstance(target, str) and "$" not in target:
        known = stages.names.get(target.lower())
        if known is None and not (target.isdigit() and int(target) <= chosen):
            yield NO_STAGE.broken(f"the service {service!r} builds the stage {target!r}", place)
            return
        chosen = known if known is not None else int(target)
    image, line = stages.image_of(chosen)
    if _is_public(image):
        at = Place(path, line) if path is not None else place
        yield PUBLIC_BASE.broken(f"the service {service!r} is built from {image}", at)


def _stages(text: str) -> _Stages:
    stages, arguments = _Stages(), {}
    lines = re.split(r"\r\n|\r|\n", text)
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words:
            continue
        if words[0].upper() == "ARG" and not stages.bases:
            for word in words[1:]:
                key, _, value = word.partition("=")
                arguments[key] = value.strip("\"'")
        elif words[0].upper() == "FROM":
            rest = [word for word in words[1:] if not word.startswith("--")]
            if not rest:
                continue
            stages.bases.append((_filled(rest[0], arguments), number))
            if len(rest) >= 3 and rest[1].upper() == "AS":
                stages.names.setdefault(rest[2].lower(), len(stages.bases) - 1)
    return stages


def _filled(image: str, arguments: Mapping[str, str]) -> str:
    """Put the defaults of ``ARG`` lines into an image's name."""
    return re.sub(
        r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))",
        lambda match: arguments.get(match[1] or match[3]) or match[2] or "",
        image,
    )


def _is_public(image: str) -> bool:
    """Whether an image is the public runner's: with any registry before it, any tag and any digest."""
    bare = image.strip().lower().partition("@")[0]
    folder, slash, last = bare.rpartition("/")
    bare = folder + slash + last.partition(":")[0]
    return bare == _PUBLIC_RUNNER or bare.endswith("/" + _PUBLIC_RUNNER)
