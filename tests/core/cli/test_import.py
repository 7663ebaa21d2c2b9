"""``import``: recordings become scenarios."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from reclaimlab.scenarios.builtin import builtin_recordings

Call = Callable[..., Result]
LOG = Path(__file__).parents[1] / "scenarios" / "data" / "hung-xfs-2013.txt"


def test_a_recording_becomes_a_scenario_that_runs(call: Call, tmp_path: Path) -> None:
    output = tmp_path / "mine.toml"
    said = call("import", "vmstat", builtin_recordings()[0], "-o", output)
    assert said.stdout.startswith(f"{output}: ")
    assert call("scenarios", output).stdout == output.read_text()


def test_a_known_hang_is_told_and_written_and_its_json_names_the_cures(
    call: Call, tmp_path: Path
) -> None:
    output = tmp_path / "mine.toml"
    said = call("import", "hungtask", LOG, "-o", output)
    assert said.stdout.endswith(f"{output}: xfs-softlimit-hang\n")
    assert call("scenarios", output).stdout == output.read_text()
    (pattern,) = json.loads(call("import", "hungtask", LOG, "-o", output, "--json").stdout)[
        "patterns"
    ]
    assert "linux-3.10+may-enter-fs" in pattern["cures"]
    assert "linux-3.10" in pattern["hangs"]


def test_an_unknown_hang_is_told_too_and_nothing_is_written(call: Call, tmp_path: Path) -> None:
    log, output = tmp_path / "dmesg.txt", tmp_path / "out.toml"
    log.write_text(LOG.read_text().replace("soft_limit_reclaim", "reclaim"))
    result = call("import", "hungtask", log, "-o", output, code=2)
    assert "  cc1:20757, cc1:20758, cc1:20761 -> log space" in result.stdout.splitlines()
    assert "no known pattern fits 7 hung tasks" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not output.exists()
    known = json.loads(call("import", "hungtask", log, "-o", output, "--json", code=2).stdout)
    assert (len(known["tasks"]), known["patterns"]) == (7, [])


def test_a_hang_is_not_written_over_a_folder_or_into_none(call: Call, tmp_path: Path) -> None:
    for output in (tmp_path, tmp_path / "none" / "mine.toml"):
        result = call("import", "hungtask", LOG, "-o", output, code=2)
        assert result.stderr.count("\n") == 1
        assert str(output) in result.stderr


@pytest.mark.parametrize("kind", ["vmstat", "ftrace", "hungtask"])
@pytest.mark.parametrize("content", [None, b"", b"\0\1\2" * 100])
def test_what_is_no_recording_is_one_clear_line_and_nothing_is_written(
    call: Call, tmp_path: Path, kind: str, content: bytes | None
) -> None:
    foreign = tmp_path / "samples.csv"
    if content is not None:
        foreign.write_bytes(content)
    output = tmp_path / "out.toml"
    result = call("import", kind, foreign, "-o", output, code=2)
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    assert not output.exists()
