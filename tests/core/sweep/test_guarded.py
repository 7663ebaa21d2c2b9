"""Somebody else's plugin in a sweep ruins its own runs only, and is named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reclaimlab.store.sweeps import SweepReader

HOSTILE = Path(__file__).parents[2] / "plugins" / "hostile"
TINY = Path(__file__).parents[1] / "tiny.toml"


@pytest.mark.slow
def test_a_plugin_that_ends_its_process_fails_its_runs_and_no_other(tmp_path: Path) -> None:
    db = tmp_path / "a.db"
    command = [
        sys.executable, "-m", "reclaimlab", "sweep", str(TINY), "--set", "duration=200ms",
        "-c", "linux-3.10", "-c", "linux-3.10+exits-hard", "--vary", "memcg.box.limit=8M,16M",
        "--jobs", "2", "--quiet", "--db", str(db),
    ]  # fmt: skip
    settings = os.environ | {"RECLAIMLAB_PLUGINS_DIR": str(HOSTILE), "RECLAIMLAB_IMPORT_LIMIT": "2"}
    ran = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert ran.returncode == 3, ran.stderr
    with SweepReader(db) as reader:
        runs = list(reader.runs(reader.sweep("latest").head.id))
    assert [run.verdict for run in runs] == ["ok", None, "ok", None]
    assert "exits-hard" in runs[1].error
