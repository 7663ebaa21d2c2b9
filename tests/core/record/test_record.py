"""Recording this machine: refused politely, or done for real with nothing left switched on.

Where these tests have root and may mount tracefs (in a mount namespace of their own), a real
command is recorded. Elsewhere the same tests see the refusal.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from typing import TYPE_CHECKING

import pytest

from reclaimlab.record.summary import toml_text
from reclaimlab.scenarios.importers import import_recording
from reclaimlab.scenarios.recording import Recording
from reclaimlab.validate.measured import measured

if TYPE_CHECKING:
    from pathlib import Path

MOUNT = "mount -t tracefs nodev /sys/kernel/tracing && "
RECORD = [sys.executable, "-m", "reclaimlab", "record"]


def traced(script: str, *words: str) -> list[str]:
    """Return the words that run ``script`` with tracefs mounted and with ``words`` as its own."""
    return ["unshare", "-m", "sh", "-c", MOUNT + script, "sh", *words]


@functools.cache
def can_trace() -> bool:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    done = subprocess.run(traced("ls /sys/kernel/tracing/instances"), capture_output=True)
    return done.returncode == 0


def instances() -> str:
    done = subprocess.run(
        traced("ls /sys/kernel/tracing/instances"), capture_output=True, text=True, check=True
    )
    return done.stdout


def run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


def test_a_real_command_becomes_a_recording_that_import_and_validate_take(tmp_path: Path) -> None:
    out, file = tmp_path / "mine", tmp_path / "file"
    words = ["-o", str(out), "--on", str(tmp_path), "--rate", "100", "--"]
    words += ["dd", "if=/dev/zero", f"of={file}", "bs=1M", "count=48", "conv=fsync"]
    if not can_trace():
        done = run([*RECORD, *words])
        assert (done.returncode, done.stdout) == (2, "")
        assert not out.exists()
        assert not file.exists()
        return
    before = instances()
    done = run(traced('exec "$@"', *RECORD, *words))
    if done.returncode == 2:  # the folder for temporary files may be in memory
        assert "no block device" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    assert instances() == before
    recording = Recording.read(out)
    recording.check()
    seen = measured(recording)
    assert seen.accepted[-1] >= 48 << 20
    assert recording.number("ops") == 48
    assert recording.number("block_bytes") == 1 << 20
    assert len(recording.latencies) == 48
    scenario = import_recording("ftrace", [out], tmp_path / "mine.toml")
    assert scenario.device["sda"].write_bw == 100_000_000
    assert scenario.machine.memory > 0


def test_a_killed_recorder_leaves_no_tracing_behind(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    words = [*RECORD, "-o", str(out), "--on", str(tmp_path), "--", "sleep", "2"]
    if not can_trace():
        assert run(words).returncode == 2
        return
    before = instances()
    with subprocess.Popen(
        traced('exec "$@"', *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        ours = f"reclaimlab-{process.pid}-kernel"
        for _ in range(200):
            if ours in instances() or process.poll() is not None:
                break
            time.sleep(0.05)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        else:
            assert process.stderr is not None
            assert b"no block device" in process.stderr.read()
    for _ in range(200):
        if instances() == before:
            break
        time.sleep(0.05)
    assert instances() == before
    assert not out.exists()


def test_an_interrupted_recording_is_kept_and_says_so(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    words = ["-o", str(out), "--on", str(tmp_path), "--no-trace", "--rate", "5", "--"]
    with subprocess.Popen(
        [*RECORD, *words, "sh", "-c", f"touch {tmp_path}/on; sleep 30"], stderr=subprocess.PIPE
    ) as process:
        for _ in range(200):
            if (tmp_path / "on").exists() or process.poll() is not None:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        status = process.wait(20)
    if status == 2:  # no rights, or no disk
        assert not out.exists()
        return
    assert status == 130
    recording = Recording.read(out)
    recording.check()
    assert recording.meta["note"] == "interrupted"
    assert recording.latencies == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "new"], "COMMAND"),
        (["-o", "full", "--", "true"], "there already"),
        (["-o", "new", "--", "no-such-command"], "no such command"),
        (["-o", "new", "--no-trace", "--on", "absent", "--", "true"], "--on"),
        (["-o", "no/new", "--no-trace", "--", "true"], "cannot be written"),
        (["-o", "new", "--no-trace", "--on", "/proc", "--", "true"], "no block device"),
        (["-o", "new", "--rate", "0", "--", "true"], "--rate"),
    ],
)
def test_what_cannot_be_recorded_is_refused_in_a_line(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    done = run([*RECORD, *words])
    assert done.returncode == 2
    assert said in done.stderr or "needs root" in done.stderr or "block device" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def without_rights() -> list[str]:
    """Return the words before a command that is to run as somebody else than root."""
    return ["unshare", "-U"] if os.geteuid() == 0 else []


def test_without_root_the_way_out_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    out = tmp_path / "new"
    done = run([*without_rights(), *RECORD, "-o", str(out), "--", "true"])
    assert done.returncode == 2
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .endswith("record: needs root, to read kernel stacks and to trace; run it with sudo")
    )
    assert list(tmp_path.iterdir()) == []


def test_without_tracefs_the_command_is_not_started(tmp_path: Path) -> None:
    words = [*RECORD, "-o", str(tmp_path / "new"), "--", "touch", str(tmp_path / "ran")]
    hidden = "mount -t tmpfs none /sys/kernel/tracing && mount -t tmpfs none /sys/kernel/debug; "
    if can_trace():
        words = ["unshare", "-m", "sh", "-c", hidden + 'exec "$@"', "sh", *words]
    done = run(words)
    assert done.returncode == 2
    assert "tracefs is not mounted" in done.stderr or not can_trace()
    assert "needs root" in done.stderr or can_trace()
    assert list(tmp_path.iterdir()) == []


def test_meta_data_with_quotes_and_newlines_in_the_command_stay_toml() -> None:
    meta = {"command": "sh -c \"echo 'a'\nb\\\"", "secs": 1.5, "writers": 2}
    read = tomllib.loads(toml_text(meta, {"running": 0.5}))
    assert json.dumps(read.pop("blocking_classes")) == '{"running": 0.5}'
    assert read == meta
