from __future__ import annotations

import ast
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_cli_ext.project.graft import add_list_item, graft, members, top_level, variables_of
from connect_cli_ext.project.imports import Import, add_import, imports_of

NAMES = st.lists(
    st.tuples(
        st.sampled_from(["typing", "collections.abc", "urllib.parse", "connect_eaas", "pytest", "pkg.parts", "os"]),
        st.sampled_from(["Any", "Beta", "alpha", "gamma", "LIMIT", "a_b", ""]),
    ),
    max_size=12,
)


def wanted(module: str, name: str) -> Import:
    return Import(module, name, name or module.partition(".")[0])


@given(names=NAMES)
def test_every_import_is_there_once_and_the_rest_is_as_it_was(names: list[tuple[str, str]]) -> None:
    text = '"""A module."""\n\nfrom __future__ import annotations\n\nVALUE = 1\n'
    bound: dict[str, Import] = {}
    for module, name in names:
        new = wanted(module, name)
        if new.bound in bound:
            continue
        bound[new.bound] = new
        text = add_import(text, new, {"pkg"})
    found = imports_of(ast.parse(text))
    assert {name: found[name] for name in bound} == bound
    assert add_import(text, Import("__future__", "annotations", "annotations")) == text
    assert text.endswith("VALUE = 1\n")


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        ("from a import b\n", Import("a", "a", "a"), "from a import a, b\n"),
        ("from a import b  # why\n", Import("a", "Z", "Z"), "from a import Z, b  # why\n"),
        ("from a import b as c\n", Import("a", "d", "e"), "from a import b as c, d as e\n"),
        (
            "from a import (\n    B,\n    c,  # c\n)\n",
            Import("a", "C", "C"),
            "from a import (\n    B,\n    C,\n    c,  # c\n)\n",
        ),
        ("from a import (\n    B,\n    c\n)\n", Import("a", "d", "d"), "from a import (\n    B,\n    c,\n    d,\n)\n"),
        ("import os\n", Import("sys", "", "sys"), "import os\nimport sys\n"),
        ("import os\n\nimport pkg\n", Import("pytest", "", "pytest"), "import os\n\nimport pytest\n\nimport pkg\n"),
        ("import pytest\n", Import("re", "", "re"), "import re\n\nimport pytest\n"),
        ("from typing import Any\n", Import("os", "", "os"), "import os\nfrom typing import Any\n"),
        ('"""Doc."""\n', Import("os", "", "os"), '"""Doc."""\n\nimport os\n'),
        ("VALUE = 1\n", Import("os", "", "os"), "import os\n\nVALUE = 1\n"),
        ("", Import("os", "", "os"), "import os\n"),
        ("import os", Import("re", "", "re"), "import os\nimport re\n"),
    ],
)
def test_an_import_goes_where_a_sorter_would_put_it(before: str, new: Import, after: str) -> None:
    assert add_import(before, new, {"pkg"}) == after


def test_a_line_that_becomes_too_long_is_broken() -> None:
    names = [f"name_{number:02}" for number in range(12)]
    text = add_import(f"from a import {', '.join(names)}\n", Import("a", "other", "other"))
    assert text == "from a import (\n" + "".join(f"    {name},\n" for name in [*names, "other"]) + ")\n"


def module(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


BEFORE = module(
    '''
    """Doc."""

    from sdk import Base, event

    Kept = dict


    class App(Base):
        """App."""

        @event("one")
        def one(self):
            return self.helper()

        def helper(self):
            return 1
    '''
)
AFTER = module(
    '''
    """Doc."""

    import re

    from sdk import Base, Response, event

    Kept = dict

    PATTERN = re.compile("x")
    """A pattern."""


    def clean(text):
        return PATTERN.sub("", text)


    class App(Base):
        """App."""

        @event("one")
        def one(self):
            return self.helper()

        # About two.
        @event("two")
        def two(self):
            return Response(clean(self.other()))

        def helper(self):
            return 1

        def other(self):
            return Kept()
    '''
)


def test_a_method_comes_with_everything_that_it_needs() -> None:
    mine = module(
        '''
        """Mine."""

        from sdk import (
            Base,
            event,
        )


        class App(Base):
            # Rewritten.
            @event("uno")
            def uno(self): return 1


        def tail(): pass
        '''
    )
    text = graft(mine, BEFORE, AFTER, "App").text
    assert text == module(
        '''
        """Mine."""

        import re

        from sdk import (
            Base,
            Response,
            event,
        )

        Kept = dict

        PATTERN = re.compile("x")
        """A pattern."""


        def clean(text):
            return PATTERN.sub("", text)


        class App(Base):
            # Rewritten.
            @event("uno")
            def uno(self): return 1

            # About two.
            @event("two")
            def two(self):
                return Response(clean(self.other()))

            def other(self):
                return Kept()


        def tail(): pass
        '''
    )


def test_grafting_into_the_older_version_gives_all_that_the_newer_has_and_twice_is_once() -> None:
    once = graft(BEFORE, BEFORE, AFTER, "App")
    assert once.left == ()
    assert top_level(ast.parse(once.text)).keys() == top_level(ast.parse(AFTER)).keys()
    assert list(members(ast.parse(once.text), "App")) == ["one", "two", "helper", "other"]
    assert graft(once.text, BEFORE, AFTER, "App").text == once.text


def test_a_changed_definition_is_renewed_unless_it_is_somebody_s_own() -> None:
    before, after = "def f():\n    return 1\n", "def f():\n    return 2\n"
    assert graft(before + "\n\nX = 1\n", before, after, "").text == after + "\n\nX = 1\n"
    own = graft("def f():\n    return 3\n", before, after, "")
    assert (own.text, own.left) == ("def f():\n    return 3\n", ("f",))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("@variables([])\nclass A: ...\n", "@variables([\n    {'name': 'N'},\n])\nclass A: ...\n"),
        (
            "@variables([{'name': 'M'}])\nclass A: ...\n",
            "@variables([\n    {'name': 'M'},\n    {'name': 'N'},\n])\nclass A: ...\n",
        ),
        (
            "@variables(\n    [\n        {'name': 'M'}  # é\n    ]\n)\nclass A: ...\n",
            "@variables(\n    [\n        {'name': 'M'},  # é\n        {'name': 'N'},\n    ]\n)\nclass A: ...\n",
        ),
        (
            "@variables([\n    {'name': 'M'},\n    # the end\n])\nclass A: ...\n",
            "@variables([\n    {'name': 'M'},\n    # the end\n    {'name': 'N'},\n])\nclass A: ...\n",
        ),
    ],
)
def test_a_variable_goes_to_the_end_of_the_list(before: str, after: str) -> None:
    listed, _ = variables_of(ast.parse(before), "A")
    assert listed is not None
    assert add_list_item(before, listed, "{'name': 'N'}") == after
    assert set(variables_of(ast.parse(after), "A")[1]) >= {"N"}
