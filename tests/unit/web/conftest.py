from __future__ import annotations

from pathlib import Path

import pytest
import web_sample

import connect.eaas.core.extension


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> type:
    """The sample, with its router in the place of the global one, as tests of extensions do it."""
    monkeypatch.setattr(connect.eaas.core.extension, "router", web_sample.router, raising=False)
    return web_sample.SampleWeb


@pytest.fixture
def with_static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "static"
    root.mkdir()
    (root / "index.html").write_text("<p>page</p>")
    monkeypatch.setattr(web_sample.SampleWeb, "get_static_root", classmethod(lambda cls: str(root)))
    return root
