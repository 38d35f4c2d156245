"""Where everything goes on the screen: a dialogue and a size in, a picture out. No terminal here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connect_cli_ext.wizard.cells import width
from connect_cli_ext.wizard.dialogue import Dialogue, Mode, Review
from connect_cli_ext.wizard.field import Field
from connect_cli_ext.wizard.menu import Menu
from connect_cli_ext.wizard.pane import Pane, draw_pane
from connect_cli_ext.wizard.picture import Line, Look, Picture, Signs, Span, fitted
from connect_cli_ext.wizard.steps import STEPS

__all__ = ["draw", "draw_progress"]

# From these widths on the list of steps is shown with short and with full names.
_SHORT_FROM: Final = 60
_FULL_FROM: Final = 90
# What short names go without: the right side has the whole name.
_LONGEST: Final = "Extension: "
# From this height on there are rules and air.
_TALL_FROM: Final = 28
_WIDE_FROM: Final = 100
_WIDEST_PANE: Final = 88

_TITLE: Final = "Extension project bootstrap"


def draw(dialogue: Dialogue, columns: int, rows: int, signs: Signs) -> Picture:
    """Return the picture of a dialogue on a screen of a size. Every size gives one, small ones a poorer one."""
    columns, rows = max(columns, 1), max(rows, 1)
    title = f"{_TITLE} - {dialogue.wizard.number} of {len(STEPS)}"
    frame = _Frame(title, _hint(dialogue, columns), columns, rows, signs)
    steps = [] if dialogue.mode is Mode.HELPING else _steps(dialogue, columns, frame.room, signs)
    indent = width("".join(span.text for span in steps[0])) if steps else 0
    room = min(columns - indent - frame.margin, _WIDEST_PANE if indent else columns)
    pane = draw_pane(dialogue, max(room, 1), frame.room, signs)
    lines = [(*step, *line) for step, line in zip(steps, pane.lines, strict=True)] if steps else list(pane.lines)
    return frame.picture(lines, pane, indent)


def draw_progress(done: Sequence[str], doing: str, columns: int, rows: int, signs: Signs) -> Picture:
    """Return the picture while the project is made."""
    frame = _Frame(f"{_TITLE} - creating", "", max(columns, 1), max(rows, 1), signs)
    lines: list[Line] = [(Span("The project is being made.", Look.LABEL),), ()]
    lines += [(Span(f"{signs.tick} ", Look.DONE), Span(text)) for text in done]
    lines.append((Span(f"{signs.current} {doing} {signs.more}", Look.CURRENT),))
    lines = [(Span("  "), *line) for line in lines[-frame.room :]]
    filled = tuple(lines) + ((),) * (frame.room - len(lines))
    return frame.picture(list(filled), Pane(filled, (max(len(lines) - 1, 0), 0), False, 1), 0)


class _Frame:
    """What is around: the title above, the hint below, rules if there is room."""

    def __init__(self, title: str, hint: str, columns: int, rows: int, signs: Signs) -> None:
        tall = rows >= _TALL_FROM
        self.margin = 2 if columns >= _WIDE_FROM else 0
        self._columns = columns
        self._signs = signs
        rule: Line = (Span(signs.rule * columns, Look.RULE),)
        space = " " * (columns - width(title) - 1)
        self._above: list[Line] = [(Span(f" {title}{space}", Look.TITLE),)] if rows > 1 else []
        self._below: list[Line] = []
        if tall:
            self._above.append(())
            self._below.append(rule)
        if rows > 4:
            # The last cell of the screen stays empty: some terminals scroll when it is written.
            self._below.append(fitted((Span(f" {hint}", Look.HINT),), columns - 1))
        self.room = max(rows - len(self._above) - len(self._below), 1)

    def picture(self, lines: Sequence[Line], pane: Pane, indent: int) -> Picture:
        """Put it around ``lines``."""
        inside = list(lines[: self.room]) + [()] * (self.room - len(lines))
        whole = [fitted(line, self._columns, self._signs.more) for line in (*self._above, *inside, *self._below)]
        row = min(len(self._above) + pane.cursor[0], len(whole) - 1)
        column = min(indent + pane.cursor[1], self._columns - 1)
        return Picture(tuple(whole), (row, column), pane.typing, pane.page)


def _steps(dialogue: Dialogue, columns: int, rows: int, signs: Signs) -> list[Line]:
    """Return the list of steps, or as much of it around the current one as has room; nothing on a narrow screen."""
    if columns < _SHORT_FROM:
        return []
    names = [step.label if columns >= _FULL_FROM else step.label.removeprefix(_LONGEST) for step in STEPS]
    room = max(map(len, names))
    first = min(max(dialogue.wizard.number - 1 - rows // 2, 0), max(len(STEPS) - rows, 0))
    margin = " " if columns >= _WIDE_FROM else ""
    lines: list[Line] = []
    for at in range(first, first + rows):
        text, look = " " * (room + 6), Look.PLAIN
        if at < len(STEPS):
            sign, look = _state(dialogue, at, signs)
            text = f"{sign} {at + 1:2}. {names[at].ljust(room)}"
        lines.append(
            (
                *((Span(margin),) if margin else ()),
                Span(text, look),
                Span(f"{margin} {signs.bar} {margin}", Look.RULE),
            )
        )
    return lines


def _state(dialogue: Dialogue, at: int, signs: Signs) -> tuple[str, Look]:
    step, draft = STEPS[at], dialogue.wizard.draft
    if at == dialogue.wizard.number - 1:
        return signs.current, Look.CURRENT
    if not step.applies(draft):
        return signs.absent, Look.ABSENT
    if not dialogue.wizard.is_passed(step):
        return " ", Look.PLAIN
    return (signs.wrong, Look.WRONG) if draft.problem(step) else (signs.tick, Look.DONE)


def _hint(dialogue: Dialogue, columns: int) -> str:
    if dialogue.mode is Mode.HELPING:
        return "Any key: back"
    if dialogue.mode is Mode.LEAVING:
        return "Y: leave   N, Esc: stay"
    parts = [_press(dialogue) if dialogue.focus else _use(dialogue), "Tab: buttons", "Esc: leave", "F1: keys"]
    for gap, chosen in (("   ", parts), ("  ", parts), ("  ", parts[-3:])):
        text = gap.join(chosen)
        if width(text) < columns - 1:
            break
    return text


def _press(dialogue: Dialogue) -> str:
    """Return what can be done while a button has the focus."""
    return "Up, Down: answers   Enter: press" if isinstance(dialogue.control, Review) else "Enter: press"


def _use(dialogue: Dialogue) -> str:
    """Return what the control with the focus is used with."""
    control = dialogue.control
    if isinstance(control, Review):
        return "Enter: change the answer"
    if isinstance(control, Field) and control.hidden:
        return f"Ctrl-R: {'hide' if control.revealed else 'show'}   Enter: next"
    if isinstance(control, Menu) and control.many:
        return "Space: tick   Type: filter   Enter: next" if control.is_long else "Space: tick   Enter: next"
    return "Enter: next"
