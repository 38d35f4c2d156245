"""The wizard as somebody at a keyboard meets it: what has the focus, and what each key does. No terminal here."""

from __future__ import annotations

from enum import Enum

from connect_cli_ext.wizard.field import Field
from connect_cli_ext.wizard.flow import Wizard, summary
from connect_cli_ext.wizard.keys import Key, Press
from connect_cli_ext.wizard.menu import Menu, moved
from connect_cli_ext.wizard.step import Kind, Step

__all__ = ["Button", "Dialogue", "Mode", "Outcome", "Review"]

_PAGE = 10


class Button(Enum):
    """What can be pressed; the value is what is written on it."""

    ALL = "All"
    NONE = "None"
    NEXT = "Next"
    CREATE = "Create"
    BACK = "Back"
    CANCEL = "Cancel"
    LEAVE = "Yes"
    STAY = "No"


class Mode(Enum):
    """What the keys are for at the moment."""

    ASKING = "asking"
    LEAVING = "leaving"
    HELPING = "helping"


class Outcome(Enum):
    """How the dialogue ended."""

    CREATE = "create"
    CANCEL = "cancel"


class Review:
    """The summary's rows, one for each answer, and the one under the cursor."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.steps = steps
        self.cursor = 0

    @property
    def step(self) -> Step:
        """The step whose answer is under the cursor."""
        return self.steps[self.cursor]

    def press(self, press: Press, page: int) -> bool:
        """Take a key. Return whether it means something here."""
        target = moved(press, self.cursor, len(self.steps), page)
        if target is None:
            return False
        self.cursor = target
        return True


Control = Field | Menu | Review | None


class Dialogue:
    """A wizard, its current question and where the focus is.

    Args:
        wizard: what is asked and answered.
        problem: what is wrong at the beginning, shown with the first question.
    """

    def __init__(self, wizard: Wizard, problem: str | None = None) -> None:
        self.wizard = wizard
        self.mode = Mode.ASKING
        self.leaving = Button.STAY
        # Rows of a list that are seen at once: who draws the dialogue knows and says.
        self.page = _PAGE
        self.control: Control = None
        # None is the control itself.
        self.focus: Button | None = None
        self.notice: str | None = None
        self._arrive()
        self.notice = problem

    @property
    def step(self) -> Step:
        """The current step."""
        return self.wizard.step

    @property
    def problem(self) -> str | None:
        """What is wrong with the answer as it stands, or what went wrong; None if nothing."""
        return self.wizard.draft.problem(self.step) or self.notice

    @property
    def buttons(self) -> tuple[Button, ...]:
        """The buttons below every step."""
        if self.mode is Mode.LEAVING:
            return (Button.LEAVE, Button.STAY)
        way_on = Button.CREATE if self.wizard.is_last else Button.NEXT
        return (way_on, Button.CANCEL) if self.wizard.is_first else (way_on, Button.BACK, Button.CANCEL)

    @property
    def list_buttons(self) -> tuple[Button, ...]:
        """The buttons above a list of several choices."""
        return (Button.ALL, Button.NONE) if isinstance(self.control, Menu) and self.control.many else ()

    def press(self, press: Press) -> Outcome | None:
        """Take one key.

        Returns:
            How the dialogue ended, None if it goes on.

        Raises:
            KeyboardInterrupt: it was Ctrl-C.
        """
        if press is Key.INTERRUPT:
            raise KeyboardInterrupt
        if press is Key.REDRAW:
            return None
        if self.mode is Mode.HELPING:
            self.mode = Mode.ASKING
            return None
        if self.mode is Mode.LEAVING:
            return self._press_leaving(press)
        if press is Key.HELP or (press == "?" and not (self.focus is None and isinstance(self.control, Field))):
            self.mode = Mode.HELPING
            return None
        if press in {Key.TAB, Key.BACK_TAB}:
            self._turn(1 if press is Key.TAB else -1)
            return None
        if self.focus is None:
            return self._press_control(press)
        return self._press_button(press, self.focus)

    def fail(self, problem: str) -> None:
        """Show that the project could not be made; the answers stay, and can be changed."""
        self.notice = problem

    def _press_control(self, press: Press) -> Outcome | None:
        control = self.control
        if isinstance(control, Review) and press is Key.ENTER:
            self.wizard.jump(control.step)
            self._arrive()
            return None
        if press is Key.ENTER:
            return self._push(self.buttons[0])
        if isinstance(control, Field):
            known = control.press(press)
        elif control is not None:
            known = control.press(press, self.page)
        else:
            known = False
        if known:
            self.notice = None
            self._take()
        elif press is Key.ESCAPE:
            self._ask_to_leave()
        return None

    def _press_button(self, press: Press, focus: Button) -> Outcome | None:
        if press in {Key.ENTER, " "}:
            return self._push(focus)
        if press is Key.ESCAPE:
            self._ask_to_leave()
            return None
        row = self.list_buttons if focus in self.list_buttons else self.buttons
        if press in {Key.LEFT, Key.RIGHT}:
            at = row.index(focus) + (1 if press is Key.RIGHT else -1)
            self.focus = row[min(max(at, 0), len(row) - 1)]
        elif isinstance(press, str):
            self.focus = next((button for button in row if button.value[0].casefold() == press.casefold()), focus)
        elif self.control is not None and press in {Key.UP, Key.DOWN, Key.PAGE_UP, Key.PAGE_DOWN, Key.HOME, Key.END}:
            self.focus = None
            if isinstance(self.control, Review):
                return self._press_control(press)
        return None

    def _press_leaving(self, press: Press) -> Outcome | None:
        if press in {"y", "Y"} or (press in {Key.ENTER, " "} and self.leaving is Button.LEAVE):
            return Outcome.CANCEL
        if press in {Key.LEFT, Key.RIGHT, Key.TAB, Key.BACK_TAB, Key.UP, Key.DOWN}:
            self.leaving = Button.STAY if self.leaving is Button.LEAVE else Button.LEAVE
        elif press in {"n", "N", " ", Key.ESCAPE, Key.ENTER}:
            self.mode = Mode.ASKING
        return None

    def _push(self, button: Button) -> Outcome | None:
        if button is Button.CANCEL:
            return Outcome.CANCEL
        if isinstance(self.control, Menu) and button in self.list_buttons:
            if button is Button.ALL:
                self.control.choose_all()
            else:
                self.control.choose_none()
            self._take()
        elif button is Button.BACK:
            self.wizard.back()
            self._arrive()
        elif button is Button.CREATE:
            if self.wizard.draft.first_problem() is None:
                return Outcome.CREATE
            self.wizard.create()
            self._arrive()
        else:
            problem = self.wizard.next()
            if problem is None:
                self._arrive()
            else:
                self.focus = None
        return None

    def _ask_to_leave(self) -> None:
        self.mode = Mode.LEAVING
        self.leaving = Button.STAY

    def _turn(self, direction: int) -> None:
        # In the order in which they are read.
        stops = [*self.list_buttons, *([] if self.control is None else [None]), *self.buttons]
        at = stops.index(self.focus) if self.focus in stops else 0
        self.focus = stops[(at + direction) % len(stops)]

    def _take(self) -> None:
        if isinstance(self.control, Field | Menu):
            self.wizard.answer(self.control.value)

    def _arrive(self) -> None:
        step, draft = self.step, self.wizard.draft
        self.notice = None
        self.focus = None
        if step.kind in {Kind.ONE, Kind.MANY}:
            self.control = Menu(step.choices(draft), self.wizard.value, many=step.kind is Kind.MANY)
        elif step.kind is not Kind.PAGE:
            proposed = step.name not in self.wizard.passed()
            self.control = Field(str(self.wizard.value), hidden=step.kind is Kind.HIDDEN, proposed=proposed)
        elif self.wizard.is_last:
            self.control = Review(tuple(item for _, rows in summary(draft) for item, _ in rows))
            self.focus = self.buttons[0]
        else:
            self.control = None
            self.focus = self.buttons[0]
