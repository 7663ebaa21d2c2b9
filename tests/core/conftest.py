"""Policies that break, for whoever has to live with them."""

from pathlib import Path

import pytest


@pytest.fixture
def broken_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install `raises` and `kills-its-process` here and in the processes of a pool."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "runs" / "broken_plugin")
