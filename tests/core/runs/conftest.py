"""A scenario of two simulated seconds."""

from pathlib import Path

import pytest

from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.scenarios.schema import Scenario


@pytest.fixture
def tiny() -> Scenario:
    return load_scenario(str(Path(__file__).parents[1] / "tiny.toml"))
