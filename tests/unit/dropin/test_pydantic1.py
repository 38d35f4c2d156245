"""The mode for models of pydantic 1. It changes a process for good, so each test has one of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from connect_eaas.pydantic1 import VARIABLE, is_wanted, own_packages


def run(code: str, *, active: bool = True) -> str:
    """Run code that uses the old models, and return what it printed."""
    start = "from connect_eaas.pydantic1 import activate\nactivate({'old_models'})\n" if active else ""
    program = (
        f"{start}from pydantic import BaseModel, ValidationError\nfrom old_models import *\n{textwrap.dedent(code)}"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_the_mode_these_models_cannot_even_be_defined() -> None:
    with pytest.raises(AssertionError, match="regex"):
        run("", active=False)


def test_values_are_written_as_json_as_they_were() -> None:
    run("""
        import json
        from fastapi import FastAPI
        from fastapi.testclient import TestClient

        values = {'price': '10.50', 'by_day': {'mo': '2', 'tu': None}, 'at': '2024-01-01T00:00:00Z', 'took': 90}
        old = {'price': 10.5, 'by_day': {'mo': 2, 'tu': None}, 'at': '2024-01-01T00:00:00+00:00', 'took': 90.0}
        amounts = Amounts(**values, inner=values)
        assert json.loads(amounts.json()) == {**old, 'inner': {**old, 'inner': None}}
        assert isinstance(json.loads(amounts.json())['by_day']['mo'], int)
        assert amounts.dict()['price'] == Decimal('10.50')
        assert json.loads(YearOnly(**values).json()) == {**old, 'at': 2024, 'inner': None}

        app = FastAPI()
        shaped = ShapedAmounts(**values, inner=values)
        app.get('/plain', response_model=Amounts)(lambda: amounts)
        app.get('/shaped', response_model=ShapedAmounts)(lambda: shaped)
        client = TestClient(app)
        assert client.get('/plain').json() == {**old, 'inner': {**old, 'inner': None}}
        assert client.get('/shaped').json() == {**old, 'inner': old}
        assert client.get('/openapi.json').status_code == 200
    """)


def test_what_may_be_none_has_none_as_its_default() -> None:
    run("""
        item = Item(id='a', required=None, also_required=1)
        assert (item.note, item.anything, item.described) == (None, None, None)
        for missing in ('required', 'also_required'):
            given = {'id': 'a', 'required': 1, 'also_required': 1}
            del given[missing]
            try:
                Item(**given)
            except ValidationError as error:
                assert error.errors()[0]['loc'] == (missing,)
            else:
                raise SystemExit('accepted')
        assert Item.model_json_schema()['required'] == ['id', 'required', 'also_required']
        assert not Item.model_fields['note'].is_required()
        child = Child(id='a', required=1, also_required=2)
        assert child.more is None and child.note is None
        assert Tree(children=[{}]).children[0].parent is None
        assert Page[int](items=[1]).next is None
        given = {'id': 'a', 'required': 1, 'also_required': 2}
        assert Item(**given).dict(exclude_unset=True) == given
    """)


def test_numbers_become_texts_and_patterns_hold() -> None:
    run("""
        item = Item(id=5, required=1, also_required=1, code='B2')
        assert item.id == '5'
        try:
            Item(id='a', required=1, also_required=1, code='no')
        except ValidationError as error:
            assert error.errors()[0]['loc'] == ('code',)
        else:
            raise SystemExit('accepted')
    """)


def test_old_configuration() -> None:
    run("""
        class Row:
            type, kind, fullName, name = 't', 'k', 'f', 'n'
        one = Aliased.parse_obj({'type': 'x', 'fullName': 'y'})
        assert (one.kind, one.name) == ('x', 'y')
        assert one.dict(by_alias=True) == {'type': 'x', 'fullName': 'y'}
        assert one.dict() == {'kind': 'x', 'name': 'y'}
        assert Aliased(kind='x').name is None
        assert Aliased.from_orm(Row()).kind == 't'
        try:
            Aliased(kind='x', other=1)
        except ValidationError:
            pass
        else:
            raise SystemExit('accepted')
        frozen = Frozen(x=1)
        try:
            frozen.x = 2
        except (TypeError, ValidationError):
            pass
        else:
            raise SystemExit('changed')
        assert hash(frozen) == hash(Frozen(x=1))
    """)


def test_validators() -> None:
    run("""
        assert Checked(LOW=None, HIGH=2).low == 0
        try:
            Checked(low=3, high=2)
        except ValidationError as error:
            assert 'low is above high' in str(error)
        else:
            raise SystemExit('accepted')
    """)


REFUSED = """
def refused(make, words=''):
    try:
        make()
    except (TypeError, ValidationError) as error:
        assert words in str(error), error
    else:
        raise SystemExit('accepted')
"""


def test_validators_of_what_may_be_none() -> None:
    run("""
        assert Always().dict() == {'size': 3, 'plain': None, 'seen': []}
        assert Always(size=4, plain=1, seen=['a']).dict() == {'size': 4, 'plain': 2, 'seen': ['A']}
    """)


def test_validators_are_told_the_field_and_the_configuration() -> None:
    run(
        REFUSED
        + """
refused(lambda: Named(first=-1), 'first of Names is negative')
refused(lambda: Named(first=1, second='bad'), "second after ['first'] is bad")
refused(lambda: Named(first='bad'), 'first after [] is bad')
assert Named(first='1').first == 1
"""
    )


def test_configurations_are_inherited_and_fields_may_lack_annotations() -> None:
    run(
        REFUSED
        + """
assert NamedToo(first=1).dict() == {'first': 1, 'second': 5, 'third': 'x'}
refused(lambda: NamedToo(first=1, fourth=4), 'fourth')
assert NamedToo.schema()['title'] == 'Names'
refused(lambda: NamedToo(first=1, third={}), 'third')
"""
    )


def test_older_names_of_limits() -> None:
    run(
        REFUSED
        + """
one = Limited(name='a')
assert one.dict() == {'name': 'a', 'items': [1], 'kind': 'fixed', 'fixed': 1}
for wrong in ({'name': 'b'}, {'name': 'a', 'items': []}, {'name': 'a', 'items': [1, 2, 3]}, {'name': 'a', 'kind': 'x'}):
    refused(lambda: Limited(**wrong))
refused(lambda: setattr(one, 'fixed', 2))
"""
    )


def test_json_takes_the_options_of_json_dumps() -> None:
    run("""
        one = Frozen(x=1)
        assert one.json() == '{"x": 1}'
        assert one.json(indent=1) == '{\\n "x": 1\\n}'
        assert one.json(separators=(',', ':')) == '{"x":1}'
        assert Always(size=1).json(exclude_none=True, exclude={'seen'}) == '{"size": 1}'
        assert Item(id='é', required=None, also_required=1).json(include={'id'}, ensure_ascii=False) == '{"id": "é"}'
        assert [made(text='x').json() for made in (OwnText, OwnTextToo, OwnTextThree)] == ['own'] * 3
    """)


def test_models_equal_dictionaries() -> None:
    run("""
        assert Frozen(x=1) == {'x': 1} and {'x': 1} == Frozen(x=1)
        assert Frozen(x=1) != {'x': 2} and Frozen(x=1) != 1
        assert Frozen(x=1) == Frozen(x=1)
    """)


def test_own_dictionaries_are_what_endpoints_answer() -> None:
    printed = run("""
        from fastapi import FastAPI
        from fastapi.testclient import TestClient
        app = FastAPI()
        @app.get('/one', response_model=Shaped)
        def one(): return Shaped(first=1)
        @app.get('/many', response_model=list[Shaped])
        def many(): return [Shaped(first=1, second=2), Shaped(first=3)]
        @app.post('/item', response_model=Aliased)
        def item(body: Aliased): return body
        client = TestClient(app)
        print(client.get('/one').json(), client.get('/many').json())
        print(client.post('/item', json={'type': 'a'}).json())
        assert Shaped(first=1).dict() == {'first': 1, 'second': None, 'sum': 1}
        assert '"sum"' not in client.get('/openapi.json').text
    """)
    assert printed.splitlines() == [
        "{'first': 1, 'second': None, 'sum': 1} "
        "[{'first': 1, 'second': 2, 'sum': 3}, {'first': 3, 'second': None, 'sum': 3}]",
        "{'type': 'a', 'fullName': None}",
    ]


def test_models_of_others_are_left_alone() -> None:
    run("""
        from typing import Optional
        class Strict(BaseModel):
            x: Optional[int]
            y: str
        assert Strict.model_fields['x'].is_required()
        for given in ({'y': 'a'}, {'x': 1, 'y': 5}):
            try:
                Strict(**given)
            except ValidationError:
                pass
            else:
                raise SystemExit('accepted')
        assert Strict(x=1, y='a') != {'x': 1, 'y': 'a'}
    """)


def test_the_switch(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    assert not is_wanted(tmp_path, {})
    file.write_text("[tool.connect]\npydantic1 = true\n")
    assert is_wanted(tmp_path, {})
    assert not is_wanted(tmp_path, {VARIABLE: "0"})
    file.write_text("[tool.connect]\npydantic1 = 'yes'\n")
    with pytest.raises(ValueError, match=r"tool\.connect\.pydantic1: expected true or false"):
        is_wanted(tmp_path, {})
    assert is_wanted(tmp_path, {VARIABLE: "on"})
    with pytest.raises(ValueError, match="expected 1 or 0, got 'perhaps'"):
        is_wanted(tmp_path, {VARIABLE: "perhaps"})


def test_own_packages_are_found(tmp_path: Path) -> None:
    for name in ("pkg/__init__.py", "src/other/models.py", "tests/test_x.py", "not-python/data.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert own_packages(tmp_path, ["elsewhere.web:App"]) == {"pkg", "other", "tests", "elsewhere"}
