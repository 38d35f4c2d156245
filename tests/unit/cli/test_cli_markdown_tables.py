"""Rows that are brought into tables of a README."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connect_cli_ext.project.tables import row_of, with_new_rows, with_row

HEADING = ("name", "what for")
CELLS = st.sampled_from(["a", "b", "c", "d", "with | pipe"])


def document(*names: str, words: str = "") -> str:
    rows = "".join(f"{row_of((name, 'x'))}\n" for name in names)
    return f"# Title\n\n| other |\n|---|\n| a |\n\n{words}\n| name | what for |\n|---|:--|\n{rows}\nThe end.\n"


def test_a_row_goes_behind_another_one_first_or_last() -> None:
    text, row = document("a", "b"), row_of(("c", "x"))
    assert with_row(text, HEADING, row) == document("a", "b", "c")
    assert with_row(text, HEADING, row, row_of(("a", "x"))) == document("a", "c", "b")
    assert with_row(text, HEADING, row, "") == document("c", "a", "b")
    assert with_row(text, HEADING, row, "| gone |") == document("a", "b", "c")
    assert with_row(text, HEADING, row_of(("b", "x"))) == text
    assert with_row(text, ("name",), row) is None
    assert with_row("| name | what for |\n", HEADING, row) is None
    assert with_row(document(), HEADING, row) == document("c")


def test_cells_keep_their_pipes() -> None:
    assert row_of(("a|b", "`x`")) == "| a\\|b | `x` |"


@given(*[st.lists(CELLS, unique=True)] * 3)
def test_new_rows_come_once_and_what_people_wrote_stays(mine: list[str], before: list[str], after: list[str]) -> None:
    text = document(*mine, words="Words of mine.\n")
    grown = with_new_rows(text, document(*before), document(*after))
    lines = grown.split("\n")
    assert [line for line in lines if line in text.split("\n")] == text.split("\n")
    new = [name for name in after if name not in before and name not in mine]
    assert sorted(lines) == sorted([*text.split("\n"), *(row_of((name, "x")) for name in new)])
    if mine == before:
        assert with_new_rows(grown, document(*before), document(*after)) == grown
