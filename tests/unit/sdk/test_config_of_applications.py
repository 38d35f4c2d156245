"""What handlers get as `config`."""

from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest

from connect_eaas.applications import EventsApplicationBase, make_application
from connect_eaas.config import Config

VARIABLES = {"SEATS": "5", "TOKEN": "secret-value"}


def test_a_variable_that_is_not_set_is_named_with_those_that_are() -> None:
    made = make_application(EventsApplicationBase, client=None, logger=logging.getLogger("x"), config=VARIABLES)
    with pytest.raises(KeyError) as caught:
        made.config["MISSING"]
    assert "'MISSING' is not set in this environment; it has SEATS, TOKEN." in str(caught.value)
    assert "secret-value" not in str(caught.value)


def test_it_is_a_dict_in_everything_else() -> None:
    config = Config(VARIABLES)
    assert isinstance(config, dict)
    assert config == VARIABLES
    assert repr(config) == repr(VARIABLES)
    assert config.get("MISSING") is None
    assert config.get("MISSING", "x") == "x"
    assert config.pop("MISSING", None) is None
    assert "MISSING" not in config
    assert json.loads(json.dumps(config)) == VARIABLES
    assert pickle.loads(pickle.dumps(config)) == copy.deepcopy(config) == config.copy() == {**config} == VARIABLES
    with pytest.raises(KeyError, match="it has none"):
        Config()["MISSING"]


def test_a_handler_may_change_its_own() -> None:
    made = make_application(EventsApplicationBase, client=None, logger=logging.getLogger("x"), config=VARIABLES)
    made.config["SEATS"] = "6"
    assert VARIABLES["SEATS"] == "5"
