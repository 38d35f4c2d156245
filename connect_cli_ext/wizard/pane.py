"""The right side of the screen: the question, its control, what is wrong, and the buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connect_cli_ext.wizard.cells import width, wrap
from connect_cli_ext.wizard.dialogue import Button, Dialogue, Mode, Review
from connect_cli_ext.wizard.field import Field
from connect_cli_ext.wizard.flow import summary
from connect_cli_ext.wizard.menu import Menu
from connect_cli_ext.wizard.picture import Line, Look, Signs, Span, fitted

__all__ = ["Pane", "draw_pane"]

_KEYS: Final = (
    ("Tab, Shift-Tab", "between the answer and the buttons"),
    ("Enter", "go on; on a button: press it"),
    ("Esc", "leave (asks first); Ctrl-C leaves at once"),
    ("Up, Down, PgUp, PgDn", "move in a list; Home, End: to its ends"),
    ("Space", "tick; Ctrl-A all, Ctrl-R none"),
    ("letters", "short list: go to the option; long one: filter"),
    ("Left, Right, Home, End", "move in a line; Ctrl-Left, Ctrl-Right: by words"),
    ("letters in a line", "take the place of a proposal; after any other key they are added"),
    ("Ctrl-U, Ctrl-K, Ctrl-W", "cut before, after, a word"),
    ("Ctrl-R", "show or hide the API key"),
    ("Ctrl-L", "draw the screen again"),
    ("Ctrl-Z", "suspend; 'fg' in the shell comes back"),
)
# Below this width buttons are drawn tightly.
_BUTTONS_FROM: Final = 34
_LEAVE: Final = "Leave the wizard? Nothing has been made; your answers are kept in a file."


@dataclass(frozen=True)
class Pane:
    """Lines, as many as asked for.

    Args:
        lines: from above.
        cursor: row and column of what has the focus.
        typing: whether something is typed there.
        page: how many rows of a list are seen at once.
    """

    lines: tuple[Line, ...]
    cursor: tuple[int, int]
    typing: bool
    page: int


@dataclass(frozen=True)
class _Part:
    """The control's lines, which of them and which column has the focus, and how many rows of a list they show."""

    lines: list[Line]
    cursor: tuple[int, int] = (0, 0)
    page: int = 1


def draw_pane(dialogue: Dialogue, room: int, rows: int, signs: Signs) -> Pane:
    """Return the pane in ``room`` columns and ``rows`` rows; what is least needed is left out first."""
    if dialogue.mode is Mode.HELPING:
        return _keys(room, rows)
    step = dialogue.step
    label: Line = (Span(step.label, Look.LABEL),)
    question = _wrapped(step.question, room, Look.LABEL)
    help_text = _wrapped(step.help(dialogue.wizard.draft), room, Look.HELP)
    help_text += _link(step.link, room)
    message_rows = 3 if rows >= 20 else 2 if rows >= 12 else 1 if rows >= 3 else 0
    message = _message(dialogue, room, message_rows)
    buttons, button_at = _buttons(dialogue, room, signs)

    fixed = message_rows + 1 + len(question)
    wanted = _wanted_rows(dialogue, room)
    # Less and less is shown above the control, until what it needs at least has room.
    air = [()] if rows - fixed > wanted + len(help_text) + 3 else []
    above: list[Line] = []
    least = min(wanted, 6)
    for candidate in (
        [label, *air, *question, *air, *help_text, ()],
        [label, *question, *help_text, ()],
        [label, *question, *help_text],
        [label, *question, *help_text[:1]],
        [label, *question],
        question[:1],
        [],
    ):
        above = candidate
        if len(above) + least + message_rows + 1 <= rows:
            break
    part = _control(dialogue, room, max(rows - len(above) - message_rows - 1, 0), signs)
    empty = max(rows - len(above) - len(part.lines) - message_rows - 1, 0)
    space = [()] * empty
    if isinstance(dialogue.control, Field) and dialogue.mode is Mode.ASKING:
        # Next to what it is about.
        below = [*[line for line in message if line], *space, *[line for line in message if not line]]
    else:
        below = [*space, *message]
    whole = [*above, *part.lines, *below, buttons][:rows]
    lines = [fitted(line, room, signs.more) for line in whole]
    asking = dialogue.mode is Mode.ASKING and dialogue.focus not in dialogue.buttons
    cursor = (len(above) + part.cursor[0], part.cursor[1]) if asking else (len(lines) - 1, button_at)
    typing = isinstance(dialogue.control, Field) and dialogue.focus is None and dialogue.mode is Mode.ASKING
    return Pane(tuple(lines), (min(cursor[0], rows - 1), min(cursor[1], room)), typing, part.page)


def _wrapped(text: str, room: int, look: Look) -> list[Line]:
    return [(Span(line, look),) for line in wrap(text, room)]


def _link(address: str, room: int) -> list[Line]:
    """Return the address, divided between its parts if need be: then no word before it takes a line."""
    if not address:
        return []
    if width(f"See: {address}") <= room:
        return [(Span("See: ", Look.HELP), Span(address, Look.LINK))]
    return [(Span(line, Look.LINK),) for line in wrap(address, room, parts="/")]


def _message(dialogue: Dialogue, room: int, rows: int) -> list[Line]:
    """Return what is wrong, or what the option under the cursor is, in exactly ``rows`` rows: then nothing jumps."""
    text = dialogue.problem
    lines: list[Line] = []
    if dialogue.mode is Mode.LEAVING:
        lines = _wrapped(_LEAVE, room, Look.LABEL)
    elif text is not None:
        lines = _wrapped(f"! {text[:1].upper()}{text[1:]}", room, Look.PROBLEM)
    elif isinstance(dialogue.control, Menu):
        lines = _term(dialogue.control, room)
    lines = lines[:rows]
    gap = rows - len(lines)
    # One empty row stays between it and the buttons if there is room.
    return [*[()] * max(gap - 1, 0), *lines, *([()] if gap else [])]


def _term(menu: Menu, room: int) -> list[Line]:
    """Return what authors know the option under the cursor by."""
    term = menu.current.term if menu.current is not None else ""
    told = f"Event type: {term}"
    if not term or width(told) <= room:
        return [(Span(told, Look.HELP),)] if term else []
    return [(Span(line, Look.HELP),) for line in wrap(term, room, parts="_")]


def _button(button: Button, *, focused: bool, signs: Signs, narrow: bool = False) -> Span:
    before, after = signs.focus if focused else signs.button
    if narrow:
        before, after = before.strip(), after.strip()
    return Span(f"{before}{button.value}{after}", Look.FOCUS if focused else Look.PLAIN)


def _buttons(dialogue: Dialogue, room: int, signs: Signs) -> tuple[Line, int]:
    focus = dialogue.leaving if dialogue.mode is Mode.LEAVING else dialogue.focus
    narrow = room < _BUTTONS_FROM
    gap = " " if narrow else "  "
    spans: list[Span] = []
    at = used = 0
    for button in dialogue.buttons:
        if spans:
            spans.append(Span(gap))
            used += len(gap)
        span = _button(button, focused=button is focus, signs=signs, narrow=narrow)
        at = used + (1 if narrow else 2) if button is focus else at
        spans.append(span)
        used += width(span.text)
    return tuple(spans), at


def _wanted_rows(dialogue: Dialogue, room: int) -> int:
    control = dialogue.control
    if isinstance(control, Menu):
        return len(control.options) + (2 if control.many else 0)
    if isinstance(control, Review):
        return len(_review(dialogue, room)[0])
    return 1 if isinstance(control, Field) else 0


def _control(dialogue: Dialogue, room: int, rows: int, signs: Signs) -> _Part:
    control = dialogue.control
    if rows == 0 or control is None:
        return _Part([])
    if isinstance(control, Field):
        return _field(control, room, signs)
    if isinstance(control, Menu):
        return _menu(dialogue, control, room, rows, signs)
    lines, first, last = _review(dialogue, room, signs)
    start, end = _window(first, last, len(lines), rows)
    return _Part(_marked(lines[start:end], start, len(lines), room, signs), (first - start, 0), end - start)


def _field(field: Field, room: int, signs: Signs) -> _Part:
    inside = max(room - 2, 1)
    section = field.section(inside, signs.mask)
    before = signs.before if section.before else "["
    after = signs.after if section.after else "]"
    look = Look.PROPOSAL if field.proposed else Look.FIELD
    room_left = " " * (inside - width(section.text))
    spans = (Span(before), Span(section.text, look), Span(room_left, Look.FIELD), Span(after))
    return _Part([spans], (0, 1 + section.cursor))


def _menu(dialogue: Dialogue, menu: Menu, room: int, rows: int, signs: Signs) -> _Part:
    lines: list[Line] = []
    cursor: tuple[int, int] | None = None
    options = menu.shown
    if menu.many and rows >= 3:
        line, at = _above_menu(dialogue, menu, signs)
        lines.append(line)
        if dialogue.focus in dialogue.list_buttons:
            cursor = (0, at)
    if menu.is_long and rows >= 4:
        shown = f"Filter: {menu.filter}" if menu.filter else "Filter: (type)"
        lines.append((Span(f"{shown}   {len(options)} of {len(menu.options)} shown", Look.HELP),))
    elif menu.many and rows > len(options) + 1:
        lines.append(())
    left = max(rows - len(lines), 1)
    start, end = _window(menu.cursor, menu.cursor, len(options), left)
    marks = signs.many if menu.many else signs.one
    active = dialogue.mode is Mode.ASKING and dialogue.focus is None
    listed: list[Line] = []
    for at in range(start, end):
        option = options[at]
        chosen = menu.is_chosen(option)
        here = at == menu.cursor
        look = Look.FOCUS if here and active else Look.CHOSEN if chosen else Look.PLAIN
        listed.append(
            (Span(signs.current if here and active else " "), Span(f" {marks[not chosen]} {option.label} ", look))
        )
    if not options:
        listed = [(Span("  Nothing matches; Backspace widens the filter.", Look.HELP),)]
    lines += _marked(listed, start, len(options), room, signs)
    return _Part(lines, cursor or (len(lines) - len(listed) + menu.cursor - start, 0), max(end - start, 1))


def _above_menu(dialogue: Dialogue, menu: Menu, signs: Signs) -> tuple[Line, int]:
    spans: list[Span] = []
    at = used = 0
    for button in dialogue.list_buttons:
        span = _button(button, focused=button is dialogue.focus, signs=signs)
        at = used + 2 if button is dialogue.focus else at
        spans += [span, Span("  ")]
        used += width(span.text) + 2
    chosen = len(menu.value) if isinstance(menu.value, tuple) else 1
    return (*spans, Span(f"{chosen} of {len(menu.options)} chosen", Look.HELP)), at


def _review(dialogue: Dialogue, room: int, signs: Signs | None = None) -> tuple[list[Line], int, int]:
    """Return the summary's lines, and the first and last line of the answer under the cursor."""
    control = dialogue.control
    active = dialogue.mode is Mode.ASKING and dialogue.focus is None
    lines: list[Line] = []
    first = last = 0
    for section, rows in summary(dialogue.wizard.draft):
        lines.append((Span(section, Look.LABEL),))
        for step, answer in rows:
            here = isinstance(control, Review) and control.step is step
            sign = signs.current if signs is not None and here and active else " "
            wrong = dialogue.wizard.draft.problem(step) is not None
            look = Look.FOCUS if here and active else Look.WRONG if wrong else Look.PLAIN
            wrapped = wrap(f"{step.title}: {answer}", max(room - 4, 1)) or [""]
            if here:
                first, last = len(lines), len(lines) + len(wrapped) - 1
            lines += [
                (Span(f"{sign if at == 0 else ' '} {'' if at == 0 else '  '}"), Span(text, look))
                for at, text in enumerate(wrapped)
            ]
    return lines, first, last


def _window(first: int, last: int, count: int, rows: int) -> tuple[int, int]:
    """Return which part of a list is shown: the rows from ``first`` to ``last`` in its middle, if it does not fit."""
    if count <= rows:
        return 0, count
    start = max((first + last) // 2 - rows // 2, 0)
    start = min(start, first, count - rows)
    return start, start + rows


def _marked(lines: list[Line], start: int, count: int, room: int, signs: Signs) -> list[Line]:
    """Put arrows at the first and last line if there is more above or below."""
    marks = {0: signs.up} if start > 0 else {}
    if start + len(lines) < count:
        marks[len(lines) - 1] = signs.down
    return [
        (*fitted(line, room - 2, signs.more), Span(f" {marks[at]}", Look.HINT)) if at in marks else line
        for at, line in enumerate(lines)
    ]


def _keys(room: int, rows: int) -> Pane:
    indent = max(len(keys) for keys, _ in _KEYS) + 3
    lines: list[Line] = [(Span("Keys", Look.LABEL),)]
    for keys, meaning in _KEYS:
        if room >= 2 * indent:
            first, *others = wrap(meaning, room - indent)
            lines.append((Span(keys.ljust(indent), Look.HELP), Span(first)))
            lines += [(Span(" " * indent + other),) for other in others]
        else:
            lines += [(Span(line),) for line in wrap(f"{keys}: {meaning}", room)]
    lines = lines[:rows]
    return Pane(tuple(lines) + ((),) * (rows - len(lines)), (0, 0), False, 1)
