"""``import``: recordings become scenarios."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from reclaimlab.scenarios.builtin import builtin_recordings

Call = Callable[..., Result]


def test_a_recording_becomes_a_scenario_that_runs(call: Call, tmp_path: Path) -> None:
    output = tmp_path / "mine.toml"
    said = call("import", "vmstat", builtin_recordings()[0], "-o", output)
    assert said.stdout.startswith(f"{output}: ")
    assert call("scenarios", output).stdout == output.read_text()


@pytest.mark.parametrize("kind", ["vmstat", "ftrace"])
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
