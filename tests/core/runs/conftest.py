"""A scenario of two simulated seconds, and policies that break."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reclaimlab.runs.run import installed_policies
from reclaimlab.scenarios.reader import read_scenario
from reclaimlab.scenarios.schema import Scenario

TINY = """
[scenario]
name = "tiny"
title = "one writer, one disk, one small memcg"
decides = "writer_throughput"
duration = "2s"
kernel = "linux-3.10"
[machine]
memory = "256MiB"
cgroup = "v1"
[memcg.box]
limit = "16MiB"
[device.sda]
write_bw = "20MB/s"
[filesystem.data]
type = "ext4"
device = "sda"
[task.dd]
program = "writer"
memcg = "box"
filesystem = "data"
start_jitter = "10ms"
"""


@pytest.fixture
def tiny() -> Scenario:
    return read_scenario(TINY, "tiny.toml")


@pytest.fixture
def broken_policies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install `raises` and `kills-its-process` here and in the processes of a pool."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "broken_plugin")
    installed_policies.cache_clear()
    yield
    installed_policies.cache_clear()
