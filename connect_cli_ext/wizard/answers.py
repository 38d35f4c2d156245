"""The answers: a draft that grows while the wizard runs, and the finished set that a project is made from."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from connect_cli_ext.errors import CommandError, FileError, reason
from connect_cli_ext.files import write_private
from connect_cli_ext.wizard.offers import EVERY_VALUE
from connect_cli_ext.wizard.step import Kind, Step, Value
from connect_cli_ext.wizard.steps import STEPS
from connect_cli_ext.wizard.surroundings import Surroundings

__all__ = [
    "STEP_OF",
    "AnswerError",
    "Answers",
    "Draft",
    "Given",
    "document_of",
    "load_answers",
    "masked",
    "parse_pairs",
    "schema",
]

STEP_OF: Final[Mapping[str, Step]] = {step.name: step for step in STEPS if step.name}

_YES: Final = frozenset({"y", "yes", "true", "1"})
_NO: Final = frozenset({"n", "no", "false", "0"})
_YES_NO_NAMES: Final = frozenset(
    {"use_asyncio", "use_github_actions", "webapp_supports_ui", "include_variables_example"}
)
# Never asked for: machines that make projects have other keys than the ones that wrote the answers.
_LOCAL_NAMES: Final = frozenset({"server_address", "api_key", "environment_id"})


class AnswerError(CommandError):
    """Answers that no project can be made from; the message has a line for each."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        super().__init__("\n".join([f"{source}:", *(f"  {problem}" for problem in problems)]))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Answers:
    """Everything that the template needs; the names are those of its variables (reference/cli.md 4.3)."""

    project_name: str
    project_slug: str
    description: str
    version: str
    author: str
    license: str
    package_name: str
    use_asyncio: str
    use_github_actions: str
    server_address: str
    api_key: str = field(repr=False)
    environment_id: str
    extension_type: str
    extension_audience: tuple[str, ...]
    application_types: tuple[str, ...]
    event_types: tuple[str, ...]
    webapp_supports_ui: str
    background: tuple[str, ...]
    interactive: tuple[str, ...]
    include_variables_example: str

    def document(self, *, with_key: bool = False) -> dict[str, Any]:
        """Return the answers as a JSON object: what was not asked is left out, and so is the key unless wanted."""
        return document_of({name: value for name, value in asdict(self).items() if value != ()}, with_key=with_key)

    def save(self, path: Path, *, with_key: bool = False, replace: bool = False) -> None:
        """Write the answers for `load_answers`, readable by their owner only.

        Raises:
            FileError: the file exists, and is not to be replaced, or it cannot be written.
        """
        if path.exists() and not replace:
            raise FileError(path, "exists already; name another file, or remove it")
        write_private(path, json.dumps(self.document(with_key=with_key), indent=2) + "\n")


def document_of(values: Mapping[str, Value], *, with_key: bool = False) -> dict[str, Any]:
    """Return answers as a JSON object that `load_answers` reads, also some of them only; without the key by default."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if name != "api_key" or with_key
    }


class Draft:
    """Answers so far. What was not answered has its default, which follows the answers that it depends on.

    Args:
        surroundings: what defaults and choices depend on.
        given: answers to begin with.
    """

    def __init__(self, surroundings: Surroundings, given: Mapping[str, Value] | None = None) -> None:
        self._surroundings = surroundings
        self._given: dict[str, Value] = dict(given or {})

    @property
    def surroundings(self) -> Surroundings:
        """What was known before the first question."""
        return self._surroundings

    @property
    def given(self) -> Mapping[str, Value]:
        """The answers that differ from the defaults of their time."""
        return self._given

    def value(self, step: Step) -> Value:
        """Return the answer to ``step``: the one given, else its default."""
        return self._given[step.name] if step.name in self._given else step.default(self)

    def text(self, name: str) -> str:
        """Return the answer called ``name``; an empty text if it is not asked."""
        step = STEP_OF[name]
        value = self.value(step) if step.applies(self) else ""
        return value if isinstance(value, str) else ",".join(value)

    def items(self, name: str) -> tuple[str, ...]:
        """Return the answers called ``name``; none if they are not asked."""
        step = STEP_OF[name]
        value = self.value(step) if step.applies(self) else ()
        return value if isinstance(value, tuple) else (value,)

    def put(self, step: Step, value: Value) -> None:
        """Take an answer, good or bad. One that equals the default is not held on to: it follows the default."""
        if not step.name:
            return
        if isinstance(value, tuple):
            offered = [choice.value for choice in step.choices(self)]
            value = tuple(item for item in offered if item in value)
        if value == step.default(self):
            self._given.pop(step.name, None)
        else:
            self._given[step.name] = value

    def prune(self) -> None:
        """Drop what no longer applies: answers of steps that are not asked, and choices that are not offered."""
        for step in STEP_OF.values():
            value = self._given.get(step.name)
            if value is None:
                continue
            if not step.applies(self):
                del self._given[step.name]
            elif step.kind in {Kind.ONE, Kind.MANY}:
                offered = tuple(choice.value for choice in step.choices(self))
                kept: Value = value
                if isinstance(value, tuple):
                    kept = tuple(item for item in offered if item in value)
                elif value not in offered:
                    kept = ()
                if kept == () and value != ():
                    del self._given[step.name]
                else:
                    self._given[step.name] = kept

    def problem(self, step: Step) -> str | None:
        """Return what is wrong with the answer to ``step``, None if nothing or if it is not asked."""
        return step.problem(self.value(step), self) if step.applies(self) else None

    def first_problem(self) -> Step | None:
        """Return the first step whose answer will not do."""
        return next((step for step in STEPS if self.problem(step)), None)

    def problems(self, unread: Collection[str] = ()) -> list[str]:
        """Return everything that is wrong, a line for each answer; ``unread`` are answers that are wrong anyway."""
        found: list[str] = []
        spoilt = "Extension" if "extension_type" in unread else ""
        for step in STEP_OF.values():
            # What follows from a wrong type of extension is no news; what would be wrong with any type is.
            problem = self._impossible(step) if step.section == spoilt else self.problem(step)
            if problem is not None:
                found.append(f"{step.name}: {problem}")
                spoilt = step.section if step.section == "Extension" else spoilt
        return found

    def _impossible(self, step: Step) -> str | None:
        """Return what is wrong with an answer whatever the others are."""
        value = self._given.get(step.name, ())
        possible = EVERY_VALUE.get(step.name)
        items = value if isinstance(value, tuple) else (value,)
        strange = [f"'{item}'" for item in items if possible is not None and item not in possible]
        if not strange or possible is None:
            return None
        return (
            f"{', '.join(strange)} {'are' if len(strange) > 1 else 'is'} not possible; expected: {', '.join(possible)}"
        )

    def missing(self) -> tuple[Step, ...]:
        """Return the steps that are asked and have only their default."""
        return tuple(
            step
            for step in STEP_OF.values()
            if step.applies(self) and step.name not in self._given and step.name not in _LOCAL_NAMES
        )

    def finish(self, source: str = "answers") -> Answers:
        """Return the finished answers; event types and the like in the order in which they are offered.

        Raises:
            AnswerError: some will not do; all of them are named.
        """
        problems = self.problems()
        if problems:
            raise AnswerError(source, problems)
        self.prune()
        values: dict[str, Any] = {}
        for step in STEP_OF.values():
            many = step.kind is Kind.MANY
            values[step.name] = self.items(step.name) if many else self.text(step.name)
        values["webapp_supports_ui"] = values["webapp_supports_ui"] or "n"
        return Answers(**values)


def masked(key: str) -> str:
    """Return an API key in a form that can be shown: whose it is, not what it is."""
    if not key:
        return ""
    owner, colon, _secret = key.partition(":")
    return f"{owner}:********" if colon else "********"


@dataclass(frozen=True)
class Given:
    """Answers as they were given.

    Args:
        values: those that can be read.
        problems: what is wrong with the others; each is one line.
        meant: which answers the others were probably meant to be.
    """

    values: Mapping[str, Value]
    problems: tuple[str, ...] = ()
    meant: frozenset[str] = frozenset()


def load_answers(path: Path) -> Given:
    """Read a file of answers: one JSON object, its keys the names of the questions.

    Raises:
        FileError: it cannot be read or is no JSON object.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise FileError(path, f"cannot be read: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise FileError(path, f"is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise FileError(path, "must hold one JSON object, its keys the names of the answers")
    return _collected(document.items())


def parse_pairs(pairs: Iterable[str]) -> Given:
    """Read answers given as ``key=value``; several values of one answer are separated by commas."""
    split: list[tuple[str, Any]] = []
    problems: list[str] = []
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if equals:
            split.append((name.strip(), value))
        else:
            problems.append(f"'{pair}' must be written as key=value")
    found = _collected(split)
    return Given(found.values, (*problems, *found.problems), found.meant)


def _collected(items: Iterable[tuple[str, Any]]) -> Given:
    found: dict[str, Value] = {}
    problems: list[str] = []
    meant: set[str] = set()
    for name, raw in items:
        step = STEP_OF.get(name)
        if step is None:
            near = get_close_matches(name, STEP_OF, n=1)
            meant.update(near)
            hint = f"did you mean '{near[0]}'?" if near else f"known are: {', '.join(STEP_OF)}"
            problems.append(f"{name}: there is no such answer; {hint}")
            continue
        value = _typed(step, raw)
        if value is None:
            wanted = "a list of texts" if step.kind is Kind.MANY else "a text"
            problems.append(f"{name}: must be {wanted}, not {type(raw).__name__}")
            meant.add(name)
        else:
            found[name] = value
    return Given(found, tuple(problems), frozenset(meant))


def _typed(step: Step, raw: Any) -> Value | None:
    if step.kind is Kind.MANY:
        items = raw.split(",") if isinstance(raw, str) else raw
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            return None
        return tuple(dict.fromkeys(item.strip() for item in items if item.strip()))
    if isinstance(raw, bool) and step.name in _YES_NO_NAMES:
        return "y" if raw else "n"
    if not isinstance(raw, str):
        return None
    if step.name in _YES_NO_NAMES:
        word = raw.strip().lower()
        return "y" if word in _YES else "n" if word in _NO else raw
    return raw.strip()


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a file of answers, whichever account and template it is for."""
    properties: dict[str, Any] = {}
    for name, step in STEP_OF.items():
        text: dict[str, Any] = {"type": "string"}
        if name in _YES_NO_NAMES:
            text = {"enum": ["y", "n", True, False]}
        elif name in EVERY_VALUE:
            text = {"enum": list(EVERY_VALUE[name])}
        entry = {"type": "array", "items": text, "uniqueItems": True} if step.kind is Kind.MANY else text
        properties[name] = {"description": f"{step.label}. {step.question}", **entry}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Answers of ccli project extension bootstrap",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
