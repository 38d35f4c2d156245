"""The stand-in for the client's language library, in interpreters of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

SPECS = """
openapi: 3.0.0
info: {title: API, version: '1', description: Things}
paths:
  /categories:
    get: {operationId: categories_list, summary: List, description: All}
  /categories/{id}:
    get: {operationId: categories_retrieve, summary: Get, description: One}
"""

HELP = """
from connect.client import ConnectClient
client = ConnectClient('ApiKey SU-1:x', endpoint='https://example.org', use_specs=True, specs_location={specs!r})
client.categories['CAT-1'].help()
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def help_code(tmp_path: Path) -> str:
    specs = tmp_path / "specs.yml"
    specs.write_text(SPECS)
    return HELP.format(specs=str(specs))


def test_help_texts_are_the_same_as_with_the_real_library(help_code: str) -> None:
    with_stand_in = run("import connect_eaas.client" + help_code)
    assert with_stand_in == run(help_code)
    assert "Category resource" in with_stand_in


def test_the_real_library_is_loaded_at_the_first_word_and_stays_for_others(help_code: str) -> None:
    out = run(
        "import sys, connect_eaas.client\n"
        "assert 'inflect' not in sys.modules\n"
        f"{help_code}\n"
        "import inflect\n"
        "from inflect import engine\n"
        "print(type(inflect).__name__, engine.__module__, engine().plural('cat'))"
    )
    assert out.splitlines()[-1] == "module inflect cats"


@pytest.mark.parametrize("first", ["import inflect", "import connect.client"])
def test_what_was_imported_before_is_left_alone(first: str, help_code: str) -> None:
    out = run(
        f"{first}\nimport sys, connect_eaas.client\n"
        "assert sys.modules['inflect'].__file__\n"
        "from connect_eaas.inflection import import_client\n"
        "assert import_client() is import_client()\n"
        "from connect_eaas.client import ClientFactory\n"
        "ClientFactory(endpoint='https://example.org', api_key='k').client()\n"
        f"{help_code}"
    )
    assert "Category resource" in out
