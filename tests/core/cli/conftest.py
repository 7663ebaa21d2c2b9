"""The command line in this process, a store of its own, and a scenario of two simulated seconds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reclaimlab.cli import cli
from reclaimlab.runs.run import installed_policies

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
BROKEN_PLUGIN = Path(__file__).parents[1] / "runs" / "broken_plugin"

Call = Callable[..., Result]


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name a store that does not exist yet, as the default one."""
    path = tmp_path / "runs.sqlite"
    monkeypatch.setenv("RECLAIMLAB_DB", str(path))
    return path


@pytest.fixture
def call(db: Path) -> Call:
    """Call the command line; the exit code is checked, since each code has a meaning."""

    def call(*arguments: str | Path, code: int = 0, answer: str | None = None) -> Result:
        result = CliRunner().invoke(cli, list(map(str, arguments)), input=answer)
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return call


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.fixture
def broken_policies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install `raises` and `kills-its-process` here and in the processes of a pool."""
    monkeypatch.syspath_prepend(BROKEN_PLUGIN)
    installed_policies.cache_clear()
    yield
    installed_policies.cache_clear()
