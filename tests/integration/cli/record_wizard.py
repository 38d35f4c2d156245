"""Records the wizard: drives the real command on a pseudo-terminal and draws its screens as an SVG that plays.

``make wizard-picture``, or ``python tests/integration/cli/record_wizard.py``, writes ``docs/images/wizard.svg``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from wizard_screen import CTRL_R, CTRL_U, DOWN, ENTER, SPACE, WizardScreen

PICTURE = Path(__file__).resolve().parents[3] / "docs" / "images" / "wizard.svg"

_COLUMNS, _ROWS = 80, 24
_CELL_WIDTH, _CELL_HEIGHT, _MARGIN = 9, 19, 12
_SECONDS = 3
_PAPER, _INK = "#16181d", "#d7dae0"
_COLORS = {"default": _INK, "blue": "#6ca8ff", "cyan": "#5fd3d8", "green": "#7fd77f", "red": "#ff7b72"}

Cell = tuple[str, str, bool, bool, bool]
Frame = list[list[Cell]]


def record() -> list[Frame]:
    """Walk through the wizard and return the screens on the way."""
    frames: list[Frame] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        arguments = ("project", "extension", "bootstrap", "-o", folder)
        screen = WizardScreen(*arguments, home=home, rows=_ROWS, columns=_COLUMNS)
        try:
            frames.extend(_cells(screen) for _ in _walk(screen))
        finally:
            screen.kill()
    return frames


def _walk(screen: WizardScreen) -> Iterator[None]:
    """Stop wherever there is something to see."""
    screen.whole("1 of 22", "[ Next ]")
    yield
    screen.send(ENTER)
    screen.whole("2 of 22")
    screen.send(CTRL_U, "Cloud Sync")
    screen.whole("[Cloud Sync ")
    yield
    screen.send(ENTER)
    screen.accept(3, 4, 5, 6, 7)
    screen.step(8)
    screen.send(CTRL_U, "class")
    screen.whole("! 'class' is a keyword")
    yield
    screen.send(CTRL_U, "cloud_sync", ENTER)
    screen.accept(9, 10, 11, 12, 13)
    screen.whole("14 of 22")
    screen.send(DOWN)
    screen.whole("(•) Hub Integration")
    screen.send("f")
    screen.whole("(•) Fulfillment")
    yield
    screen.send(ENTER)
    screen.accept(16, 17)
    screen.step(19)
    screen.send(CTRL_R, "tier", SPACE)
    screen.whole("Filter: tier", "1 of 16 chosen")
    yield
    screen.send(ENTER)
    screen.accept(20, 21)
    screen.whole("22 of 22", "[ Create ]")
    yield


def _cells(screen: WizardScreen) -> Frame:
    rows: Frame = []
    for at in range(_ROWS):
        row = [screen.cell(at, column) for column in range(_COLUMNS)]
        rows.append([(cell.data, cell.fg, cell.bold, cell.reverse, cell.underscore) for cell in row])
    return rows


def drawn(frames: list[Frame]) -> str:
    """Return the screens as an SVG, one after the other, for ever."""
    width, height = _COLUMNS * _CELL_WIDTH + 2 * _MARGIN, _ROWS * _CELL_HEIGHT + 2 * _MARGIN
    share = 100 / len(frames)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' role="img" aria-labelledby="title">',
        '<title id="title">The wizard of ccli project extension bootstrap</title>',
        "<style>",
        "text { font: 15px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; white-space: pre }",
        ".b { font-weight: bold } .u { text-decoration: underline }",
        f"g {{ visibility: hidden; animation: show {len(frames) * _SECONDS}s step-end infinite }}",
        f"@keyframes show {{ 0% {{ visibility: visible }} {share:.3f}% {{ visibility: hidden }} }}",
        "@media (prefers-reduced-motion: reduce) { g { animation: none } g:last-of-type { visibility: visible } }",
        *(f".f{number} {{ animation-delay: {number * _SECONDS}s }}" for number in range(1, len(frames))),
        "</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{_PAPER}"/>',
    ]
    for number, frame in enumerate(frames):
        lines.append(f'<g class="f{number}">')
        for row, cells in enumerate(frame):
            lines += _row(row, cells)
        lines.append("</g>")
    return "\n".join([*lines, "</svg>"]) + "\n"


def _row(row: int, cells: list[Cell]) -> Iterator[str]:
    column = 0
    y = _MARGIN + row * _CELL_HEIGHT
    for (fg, bold, reverse, underline), group in groupby(cells, key=lambda cell: cell[1:]):
        text = "".join(cell[0] for cell in group)
        x, wide = _MARGIN + column * _CELL_WIDTH, len(text) * _CELL_WIDTH
        column += len(text)
        ink = _COLORS.get(fg, _INK)
        if reverse:
            yield f'<rect x="{x}" y="{y}" width="{wide}" height="{_CELL_HEIGHT}" fill="{ink}"/>'
            ink = _PAPER
        if not text.strip() and not underline:
            continue
        marks = " ".join(name for name, on in (("b", bold), ("u", underline)) if on)
        style = f' class="{marks}"' if marks else ""
        yield (
            f'<text x="{x}" y="{y + 14}" textLength="{wide}" xml:space="preserve" fill="{ink}"{style}>'
            f"{escape(text)}</text>"
        )


if __name__ == "__main__":
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(drawn(record()), encoding="utf-8")
