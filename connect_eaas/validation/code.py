"""Rules on the source code of a project, read without running it: what handlers answer, and how they work."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from connect_eaas import enums, responses
from connect_eaas.events import BACKGROUND, CATALOGUE, INTERACTIVE, SCHEDULED, TRANSFORMATION, Category
from connect_eaas.validation.project import Project
from connect_eaas.validation.rule import ERROR, WARNING, Finding, Place, Rule
from connect_eaas.validation.source import Function, PythonSource

__all__ = ["RULES", "check"]

NOT_PYTHON: Final = Rule(
    "SRC001", ERROR, "a Python file cannot be parsed",
    "It cannot be imported either.",
    "Correct the line that the message names.",
    blocks=False,
)  # fmt: skip
OLD_RESPONSE: Final = Rule(
    "EVT003", WARNING, "a response class is deprecated",
    "It is an older name.",
    "Use BackgroundResponse for background events and InteractiveResponse for interactive ones.",
)  # fmt: skip
UNCALLED: Final = Rule(
    "RSP001", ERROR, "a response is named but not made",
    "The handler returns a method instead of a response, and its task fails.",
    "Call it: add parentheses.",
    blocks=False,
)  # fmt: skip
SHORT: Final = Rule(
    "RSP002", WARNING, "a countdown is shorter than possible",
    f"reschedule waits for {responses.MINIMUM_COUNTDOWN} seconds at least, slow_process_reschedule for "
    f"{responses.MINIMUM_SLOW_COUNTDOWN}; a shorter countdown is raised to that.",
    "Write the time that will really pass.",
)  # fmt: skip
PERMANENT: Final = Rule(
    "RSP003", ERROR, "a product action answers with a permanent redirect",
    "Browsers remember it: later presses of the action would never reach the extension again.",
    "Redirect with http_status=302.",
    blocks=False,
)  # fmt: skip
WRONG_CLASS: Final = Rule(
    "RSP004", ERROR, "a handler answers with the response of another kind of event",
    "The task fails, whatever the handler did.",
    "Answer with the class that the message names.",
    blocks=False,
)  # fmt: skip
MIXED: Final = Rule(
    "MIX001", ERROR, "handlers with and without async are mixed",
    "A project uses the synchronous or the asynchronous library; one that uses both is not deployed.",
    "Write all handlers with async def, or all with def.",
    blocks=False,
)  # fmt: skip
TWO_CLIENTS: Final = Rule(
    "MIX002", WARNING, "both API clients are imported",
    "A project uses the synchronous or the asynchronous library; one that uses both is not deployed.",
    "Use AsyncConnectClient with async handlers, ConnectClient with the others.",
)  # fmt: skip

RULES: Final = (NOT_PYTHON, OLD_RESPONSE, UNCALLED, SHORT, PERMANENT, WRONG_CLASS, MIXED, TWO_CLIENTS)

_MAKERS: Final = frozenset({"done", "fail", "skip", "delete", "reschedule", "slow_process_reschedule"})
_OLD: Final = {
    "ProcessingResponse": "BackgroundResponse",
    "ProductActionResponse": "InteractiveResponse",
    "CustomEventResponse": "InteractiveResponse",
    "ValidationResponse": "InteractiveResponse",
}
_MINIMUM: Final = {
    "reschedule": responses.MINIMUM_COUNTDOWN,
    "slow_process_reschedule": responses.MINIMUM_SLOW_COUNTDOWN,
}
_PERMANENT: Final = {"MOVED_PERMANENTLY": 301, "PERMANENT_REDIRECT": 308}
_EXPECTED: Final[dict[Category, type[responses.Response]]] = {
    BACKGROUND: responses.BackgroundResponse,
    INTERACTIVE: responses.InteractiveResponse,
    SCHEDULED: responses.ScheduledExecutionResponse,
    TRANSFORMATION: responses.RowTransformationResponse,
}
_RESPONSES: Final = {
    name: value
    for name, value in vars(responses).items()
    if isinstance(value, type) and issubclass(value, responses.Response)
}
_FIXED_NAMES: Final = {
    event.legacy_method: event.type for event in CATALOGUE.values() if event.legacy_method is not None
}
_ACTION: Final = "product_action_execution"


def check(project: Project) -> Iterator[Finding]:
    """Check every Python file of the project's packages."""
    found: dict[bool, list[tuple[str, Place]]] = {True: [], False: []}
    clients: dict[str, Place] = {}
    for path in project.python_files:
        source = project.source(path)
        if source.tree is None:
            yield NOT_PYTHON.broken(f"{path.name}: {source.problem}", Place(path, source.line))
            continue
        yield from _imports(source, clients)
        yield from _calls(source)
        for owner, function, category, event_type in _handlers(source):
            name = f"{owner.name}.{function.name}"
            found[isinstance(function, ast.AsyncFunctionDef)].append((name, Place(path, function.lineno)))
            yield from _answers(source, name, function, category)
            if event_type == _ACTION:
                yield from _redirects(source, owner, function)
    if found[True] and found[False]:
        # The fewer are the ones to change.
        fewer = min(found.values(), key=len)
        other = found[fewer is not found[True]]
        kind, opposite = ("async", "not") if fewer is found[True] else ("not async", "async")
        for name, place in fewer:
            yield MIXED.broken(f"{name} is {kind}, but {other[0][0]} is {opposite}", place)
    if len(clients) == 2:
        place = max(clients.values(), key=lambda item: (str(item.file), item.line or 0))
        yield TWO_CLIENTS.broken("ConnectClient and AsyncConnectClient are both imported", place)


def _imports(source: PythonSource, clients: dict[str, Place]) -> Iterator[Finding]:
    for node in ast.walk(source.tree or ast.Module([], [])):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        names = [name.name for name in node.names]
        if node.module == "connect.client":
            for name in {"ConnectClient", "AsyncConnectClient"} & set(names):
                clients.setdefault(name, Place(source.path, node.lineno))
        elif node.module.startswith(("connect.eaas", "connect_eaas")):
            for alias in node.names:
                if alias.name in _OLD:
                    yield OLD_RESPONSE.broken(
                        f"{alias.name} is an older name of {_OLD[alias.name]}",
                        Place(source.path, getattr(alias, "lineno", node.lineno)),
                        fix=_advice(alias.name),
                    )


def _advice(name: str) -> str:
    if name == "ValidationResponse":
        return "Use InteractiveResponse, with the checked object as its body: InteractiveResponse.done(body=request)"
    return f"Use {_OLD[name]}: it takes the same arguments."


def _calls(source: PythonSource) -> Iterator[Finding]:
    for node in ast.walk(source.tree or ast.Module([], [])):
        if isinstance(node, ast.Return):
            for value in _branches(node.value):
                if isinstance(value, ast.Attribute) and value.attr in _MAKERS and _is_response(source, value.value):
                    call = f"{source.name(value.value)}.{value.attr}"
                    yield UNCALLED.broken(
                        f"{call} is returned without being called",
                        Place(source.path, value.lineno),
                        fix=f"Write {call}().",
                    )
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MINIMUM:
            if not _is_response(source, node.func.value):
                continue
            seconds = source.value(_argument(node, "countdown"))
            minimum = _MINIMUM[node.func.attr]
            if isinstance(seconds, (int, float)) and seconds < minimum:
                yield SHORT.broken(
                    f"{node.func.attr}(countdown={seconds}) waits for {minimum} seconds",
                    Place(source.path, node.lineno),
                    fix=f"Write countdown={minimum}, or more.",
                )


def _handlers(source: PythonSource) -> Iterator[tuple[ast.ClassDef, Function, Category, str]]:
    """Yield the methods that handle something, with the kind of task and, for events, the event type."""
    for owner in ast.walk(source.tree or ast.Module([], [])):
        if not isinstance(owner, ast.ClassDef):
            continue
        for function in owner.body:
            if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            marks = {source.name(mark.func): mark for mark in function.decorator_list if isinstance(mark, ast.Call)}
            event_type = _event_type(source, marks["event"]) if "event" in marks else ""
            event_type = event_type or _FIXED_NAMES.get(function.name, "")
            if "schedulable" in marks:
                yield owner, function, SCHEDULED, ""
            elif "transformation" in marks:
                yield owner, function, TRANSFORMATION, ""
            elif event_type in CATALOGUE:
                yield owner, function, CATALOGUE[event_type].category, event_type


def _event_type(source: PythonSource, mark: ast.Call) -> str:
    argument = _argument(mark, "event_type")
    if isinstance(argument, ast.Attribute) and source.name(argument.value) == "EventType":
        return str(getattr(enums.EventType, argument.attr, ""))
    return str(source.value(argument) or "")


def _answers(source: PythonSource, name: str, function: Function, category: Category) -> Iterator[Finding]:
    expected = _EXPECTED[category]
    for node in _own_nodes(function):
        if not isinstance(node, ast.Return):
            continue
        for value in _branches(node.value):
            if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
                continue
            made = _RESPONSES.get(source.name(value.func.value))
            if made is not None and not issubclass(made, expected):
                yield WRONG_CLASS.broken(
                    f"{name} handles a {category} event, but returns a {made.__name__}",
                    Place(source.path, value.lineno),
                    fix=f"Return a {expected.__name__}.",
                )


def _redirects(source: PythonSource, owner: ast.ClassDef, function: Function) -> Iterator[Finding]:
    """Look at the handler, and at the methods of its class that it calls."""
    methods = {node.name: node for node in owner.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    waiting, seen = [function], {function.name}
    while waiting:
        for node in ast.walk(waiting.pop()):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Attribute) and source.name(node.func.value) == "self":
                called = methods.get(node.func.attr)
                if called is not None and called.name not in seen:
                    seen.add(called.name)
                    waiting.append(called)
            found = _permanent(source, node)
            if found is not None:
                status, line = found
                yield PERMANENT.broken(
                    f"{owner.name}.{function.name} can answer with {status}", Place(source.path, line)
                )


def _permanent(source: PythonSource, call: ast.Call) -> tuple[int, int] | None:
    """Return the status of a response that is made here, and its line, if it is that of a permanent redirect."""
    makes = isinstance(call.func, ast.Attribute) and call.func.attr in ("done", "fail")
    if makes and isinstance(call.func, ast.Attribute) and _is_response(source, call.func.value):
        argument = _argument(call, "http_status")
    else:
        argument = next((item.value for item in call.keywords if item.arg == "http_status"), None)
    if argument is None:
        return None
    line = argument.lineno
    if isinstance(argument, ast.Attribute) and argument.attr == "value":
        argument = argument.value
    status = _PERMANENT.get(argument.attr) if isinstance(argument, ast.Attribute) else source.value(argument)
    return (int(status), line) if status in (301, 308) else None


def _argument(call: ast.Call, name: str) -> ast.expr | None:
    """Return the argument with this name, or the first one."""
    named = next((item.value for item in call.keywords if item.arg == name), None)
    first = call.args[0] if call.args and not isinstance(call.args[0], ast.Starred) else None
    return named or first


def _is_response(source: PythonSource, node: ast.expr) -> bool:
    return source.name(node).endswith("Response")


def _branches(node: ast.expr | None) -> Iterator[ast.expr]:
    """Yield the values that an expression may have: both sides of a conditional one."""
    if isinstance(node, ast.IfExp):
        yield from _branches(node.body)
        yield from _branches(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _branches(value)
    elif node is not None:
        yield node


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    """Yield what is inside a function, but not inside functions and classes within it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))
