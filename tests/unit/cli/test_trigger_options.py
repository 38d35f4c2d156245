"""What `ccli devops trigger --set` takes."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from connect_cli_ext.devops.trigger import trigger


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["a..b=1"], "names joined by single dots"),
        ([".a=1"], "names joined by single dots"),
        (["a.=1"], "names joined by single dots"),
        (["=1"], "expected path=value"),
        (["note"], "expected path=value"),
        (["a=1", "a=2"], "'a' is set twice"),
    ],
)
def test_a_path_that_is_none_is_refused_before_any_platform_is_asked(values: list[str], problem: str) -> None:
    options = [part for value in values for part in ("--set", value)]
    done = CliRunner().invoke(trigger, ["asset_purchase_request_processing", *options])
    assert done.exit_code == 2
    assert problem in done.output
    assert "--set" in done.output


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1), ('{"b": [true]}', {"b": [True]}), ("NaN", "NaN"), ("x=y", "x=y"), ("", "")]
)
def test_values_are_json_or_texts(text: str, value: object) -> None:
    context = trigger.make_context("trigger", ["some_event", "--set", f"a.b={text}"])
    assert context.params["changes"] == {"a.b": value}


@pytest.mark.parametrize("path", ["asset.params.seats.value", "params.seats.value", "asset.items.0.params.seats.value"])
def test_values_of_parameters_stay_the_texts_that_they_are(path: str) -> None:
    arguments = ["some_event", "--set", f"{path}=1.10", "--set", "asset.params.other.value=true"]
    changes = trigger.make_context("trigger", arguments).params["changes"]
    assert changes == {path: "1.10", "asset.params.other.value": "true"}
