"""What a rendered project can do beside its own checks: it declares what was chosen, and it can be built."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from choices import CHOICES
from rendered_projects import SOURCE, events_of, render


def test_declares_what_was_chosen(tmp_path: Path) -> None:
    project = render(tmp_path, **CHOICES["lists"])
    script = (
        "from connect_eaas.declarations import Declarations\n"
        "from importlib import import_module\n"
        "application = import_module('connect_ext.extension').MyAwesomeProjectEventsApplication\n"
        "declared = Declarations.of(application)\n"
        "print(len(declared.events), len(declared.schedulables), len(declared.variables))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=project.path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["24", "1", "3"]


def test_it_can_be_built(tmp_path: Path) -> None:
    project = render(tmp_path, **CHOICES["other-names"])
    script = f"from poetry.core.masonry.api import build_wheel; build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", script], cwd=project.path, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == "seats_2_go-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = archive.read("seats_2_go-0.1.0.dist-info/entry_points.txt").decode()
    assert {"zebra/extension.py", "zebra/extension.json", "zebra/parameters.py", "zebra/py.typed"} <= names
    assert entry_points.split() == ["[connect.eaas.ext]", "eventsapp=zebra.extension:Seats2GoEventsApplication"]
    assert not [name for name in names if name.endswith(".env")]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", SOURCE["extension_type"])
def test_a_project_of_each_type_passes_its_tests_and_checks_on_this_python(tmp_path: Path, kind: str) -> None:
    features = [name for name in ("events", "anvil", "webapp", "tfnapp") if kind in SOURCE["_applications"][name]]
    events = {name: ",".join(events_of(name, kind)) for name in ("background", "interactive")}
    project = render(tmp_path, extension_type=kind, application_types=",".join(features), use_asyncio="y", **events)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    for command in (
        ("pytest", "-q"),
        ("connect_cli_ext", "project", "extension", "validate", "--strict", "."),
        ("connect_eaas.runner.main", "--check"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=project.path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
