from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

Ccli = Callable[..., Any]

PRINT_MODULES = """
import sys
from connect_cli_ext.main import run
status = run(["--help"])
print("MODULES", status, *sorted(sys.modules))
"""


def test_help_imports_click_and_the_standard_library_only(home: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PRINT_MODULES], capture_output=True, text=True, check=True)
    help_text, _, modules = done.stdout.partition("MODULES ")
    assert "bootstrap" not in help_text
    assert "Add, list, activate, refresh and remove accounts." in help_text
    status, *names = modules.split()
    assert status == "0"
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    # What the interpreter itself loads at its start (path files of the environment) is not our import.
    ours = {"main", "host", "lazy", "settings", "errors", "plugins"}
    allowed = {"connect_cli_ext", *(f"connect_cli_ext.{name}" for name in ours)}
    strange = [
        name
        for name in set(names) - set(bare.stdout.split()) - allowed
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "click"}
    ]
    assert strange == []


def test_every_command_has_help(ccli: Ccli) -> None:
    for words in (
        (),
        ("account",),
        *(("account", verb) for verb in ("add", "list", "activate", "remove")),
        ("project",),
        ("project", "extension"),
        ("project", "extension", "bootstrap"),
    ):
        for flag in ("-h", "--help"):
            result = ccli(*words, flag)
            assert result.status == 0
            assert result.out.startswith(f"Usage: {' '.join(('ccli', *words))}")


def test_the_version_needs_no_network(ccli: Ccli) -> None:
    result = ccli("--version")
    assert result.status == 0
    assert result.out.startswith("ccli, Connect Extension SDK ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("acount", "list"), "No such command 'acount'. Did you mean 'account'?"),
        (("account", "lst"), "No such command 'lst'. Did you mean 'list'?"),
        (("project", "extension", "bootstarp"), "Did you mean 'bootstrap'?"),
        (("account", "activate"), "Missing argument 'ACCOUNT_ID'"),
        (("account", "list", "-o", "xml"), "'xml' is not one of"),
        (("--nonsense",), "No such option"),
        (("-p", "0", "account", "list"), "0 is not in the range"),
    ],
)
def test_wrong_usage_ends_with_status_2_and_says_what(ccli: Ccli, words: tuple[str, ...], message: str) -> None:
    result = ccli(*words)
    assert result.status == 2
    assert message in result.err


def distribution(folder: Path, name: str, entry_points: str, modules: dict[str, str]) -> None:
    """Lay an installed distribution out in ``folder``."""
    info = folder / f"{name}-1.2.3.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2.3\n")
    (info / "entry_points.txt").write_text(f"[connect.cli.plugins]\n{entry_points}\n")
    for path, text in modules.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


GREETING = """
import click

@click.command(name="greet")
@click.argument("name")
def greet(name):
    "Say hello."
    click.echo(f"Hello, {name}")

def get_commands():
    return greet
"""


def call(folder: Path, home: Path, *arguments: str, command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder), "HOME": str(home)}
    return subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_a_plugin_is_listed_and_run_under_either_name(tmp_path: Path, home: Path, ccli_command: list[str]) -> None:
    distribution(tmp_path / "site", "greetings", "greetings = greetings:get_commands", {"greetings.py": GREETING})
    listed = call(tmp_path / "site", home, "--help", command=ccli_command)
    assert "greetings   From greetings 1.2.3." in listed.stdout
    for name in ("greetings", "greet"):
        done = call(tmp_path / "site", home, name, "Ada", command=ccli_command)
        assert (done.returncode, done.stdout) == (0, "Hello, Ada\n")


@pytest.mark.parametrize("failure", ["raise RuntimeError('out of order')", "import nowhere_to_be_found", "exit(3)"])
def test_a_broken_plugin_is_named_and_the_rest_works(
    tmp_path: Path, home: Path, ccli_command: list[str], failure: str
) -> None:
    site = tmp_path / "site"
    distribution(site, "broken", "broken = broken:get_commands", {"broken.py": failure})
    distribution(site, "greetings", "greetings = greetings:get_commands", {"greetings.py": GREETING})
    assert call(site, home, "--help", command=ccli_command).returncode == 0
    assert call(site, home, "account", "list", "-o", "json", command=ccli_command).stdout == "[]\n"
    assert call(site, home, "greet", "Ada", command=ccli_command).stdout == "Hello, Ada\n"
    done = call(site, home, "broken", command=ccli_command)
    assert done.returncode == 1
    assert "the plugin 'broken' of broken 1.2.3 cannot be loaded" in done.stderr
    assert "Traceback" not in done.stderr
    unknown = call(site, home, "nothing-like-it", command=ccli_command)
    assert unknown.returncode == 2
    assert "Warning: the plugin 'broken'" in unknown.stderr


def test_a_plugin_cannot_take_our_commands_away(tmp_path: Path, home: Path, ccli_command: list[str]) -> None:
    distribution(tmp_path / "site", "grabber", "account = greetings:get_commands", {"greetings.py": GREETING})
    assert call(tmp_path / "site", home, "account", "list", "-o", "json", command=ccli_command).stdout == "[]\n"


PUBLIC_BASE = """
import click

class Config:
    pass

@click.group()
@click.option("-c", "--config-dir")
@click.option("-p", "--page-size", type=int)
@click.option("-s", "--silent", is_flag=True)
@click.option("-v", "--verbose", is_flag=True)
@click.option("-y", "--yes", is_flag=True)
@click.pass_context
def cli(ctx, config_dir, page_size, silent, verbose, yes):
    ctx.obj = Config()
    ctx.obj.seen = (config_dir, page_size, silent, yes)
"""

PUBLIC_PRODUCT = """
import click
from connect.cli.core.base import Config

pass_config = click.make_pass_decorator(Config)

@click.group(name="product")
def grp_product():
    "Manage products."

@grp_product.command()
@click.option("--limit", type=int)
@pass_config
def export(config, limit):
    click.echo(f"{config.seen} {limit}")

def get_group():
    return grp_product
"""

PUBLIC_PROJECT = """
import click

@click.group(name="project")
def grp_project():
    "Manage projects."

@grp_project.group()
def report():
    "Work with reports."

@report.command()
def bootstrap():
    click.echo("public report bootstrap")

@grp_project.group(name="extension")
def grp_extension():
    "The public one."

def get_group():
    return grp_project
"""

RUN_PUBLIC = """
import sys
from importlib.metadata import entry_points
from connect.cli.core.base import cli

for point in entry_points(group="connect.cli.plugins"):
    cli.add_command(point.load()())
cli(sys.argv[1:], prog_name="ccli")
"""


@pytest.fixture
def with_public_host(tmp_path: Path) -> Path:
    """A site with a stand-in for the public tool, in the layout that its documentation describes."""
    site = tmp_path / "site"
    distribution(
        site,
        "connect-cli",
        "product = connect.cli.plugins.product.commands:get_group\n"
        "project = connect.cli.plugins.project.commands:get_group",
        {
            "connect/cli/core/base.py": PUBLIC_BASE,
            "connect/cli/plugins/product/commands.py": PUBLIC_PRODUCT,
            "connect/cli/plugins/project/commands.py": PUBLIC_PROJECT,
        },
    )
    return site


def test_the_public_tool_s_groups_run_in_its_own_root_with_our_options(
    with_public_host: Path, home: Path, ccli_command: list[str]
) -> None:
    done = call(with_public_host, home, "-y", "-c", "/x/y", "product", "export", "--limit", "7", command=ccli_command)
    assert (done.returncode, done.stdout) == (0, "('/x/y', 25, False, True) 7\n"), done.stderr
    helped = call(with_public_host, home, "product", "export", "--help", command=ccli_command)
    assert helped.stdout.startswith("Usage: ccli product export [OPTIONS]")
    wrong = call(with_public_host, home, "product", "export", "--wrong", command=ccli_command)
    assert wrong.returncode == 2


def test_the_public_project_group_keeps_its_other_commands(
    with_public_host: Path, home: Path, ccli_command: list[str]
) -> None:
    listed = call(with_public_host, home, "project", "--help", command=ccli_command)
    assert "report" in listed.stdout
    assert "extension  Create, check and deploy extension projects." in listed.stdout
    done = call(with_public_host, home, "project", "report", "bootstrap", command=ccli_command)
    assert done.stdout == "public report bootstrap\n", done.stderr
    ours = call(with_public_host, home, "project", "extension", "--help", command=ccli_command)
    assert "Make a new extension project." in ours.stdout


def test_hosted_by_the_public_tool_our_commands_are_where_people_look(with_public_host: Path, home: Path) -> None:
    public = [sys.executable, "-c", RUN_PUBLIC]
    done = call(with_public_host, home, "project", "extension", "--help", command=public)
    assert "Make a new extension project." in done.stdout, done.stderr
    kept = call(with_public_host, home, "project", "report", "bootstrap", command=public)
    assert kept.stdout == "public report bootstrap\n"
    root = call(with_public_host, home, "--help", command=public)
    assert "devops" in root.stdout
    target = home / "made"
    target.mkdir()
    words = ("-c", str(home / "cfg"), "-s", "project", "extension", "bootstrap", "--defaults", "-o", str(target))
    made = call(with_public_host, home, *words, command=public)
    assert (made.returncode, made.stdout) == (0, ""), made.stderr
    assert (target / "my_awesome_project" / "pyproject.toml").is_file()


@pytest.mark.parametrize(
    ("words", "expected"),
    [("ccli acc", "account"), ("ccli account act", "activate"), ("ccli project ext", "extension")],
)
def test_the_shell_completes_commands(home: Path, ccli_command: list[str], words: str, expected: str) -> None:
    asked = {"_CCLI_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    done = subprocess.run(ccli_command, env={**os.environ, **asked}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"plain,{expected}\n", "")


def test_ctrl_c_ends_with_130_and_one_line(home: Path, platform: Any, ccli_command: list[str]) -> None:
    import threading

    platform.hold = threading.Event()
    process = subprocess.Popen(
        [*ccli_command, "account", "add", "ApiKey SU-1:x", "-e", platform.endpoint],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert platform.asked.wait(20)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err.strip()) == (130, "", "Interrupted.")


def test_a_reader_that_goes_away_is_no_crash(home: Path, ccli_command: list[str]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    process = subprocess.Popen([*ccli_command, "--help"], stdout=write_end, stderr=subprocess.PIPE, text=True)
    os.close(write_end)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err == ""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a pipe of a known size")
def test_long_output_is_whole_also_where_the_reader_is_slow_and_the_pipe_does_not_block(
    home: Path, ccli_command: list[str]
) -> None:
    read_end, write_end = os.pipe()
    # The smallest pipe, in the state in which programs on other loops leave it.
    fcntl.fcntl(write_end, 1031, 4096)
    os.set_blocking(write_end, False)
    words = ["project", "extension", "validate", "--rules"]
    process = subprocess.Popen([*ccli_command, *words], stdout=write_end, stderr=subprocess.PIPE)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        output = pipe.read()
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, b"")
    assert len(output) > 20_000
    assert len(json.loads(output)) > 20


@pytest.mark.parametrize("no_color", [None, "1"])
def test_no_color_is_obeyed_on_a_terminal_also_by_errors(
    home: Path, ccli_command: list[str], no_color: str | None
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    if no_color is not None:
        environment["NO_COLOR"] = no_color
    for words in (("doctor", "--offline"), ("account", "list")):
        terminal = pexpect.spawn(ccli_command[0], [*ccli_command[1:], *words], env=environment, encoding="utf-8")
        terminal.expect(pexpect.EOF, timeout=30)
        terminal.close()
        assert ("\x1b[" in terminal.before) is (no_color is None)
