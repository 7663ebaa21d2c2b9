"""Reports with sections of plugins, and traces of stored runs, through the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Call = Callable[..., Result]
BOTH = ("-c", "linux-3.10", "-c", "linux-3.10+may-enter-fs")


@pytest.fixture
def stored(call: Call, tiny: Path) -> None:
    call("compare", tiny, *BOTH, "--seeds", "1", "--jobs", "1", "-q")


@pytest.mark.usefixtures("stored")
def test_a_trace_is_of_the_contender_that_was_asked_for(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    call("report", "latest", "--format", "perfetto", *BOTH[2:], "-o", file)
    head = json.loads(file.read_bytes())["traceEvents"][0]
    assert head["args"]["name"].endswith(", linux-3.10+may-enter-fs, seed 1")
    assert call("report", "latest", "--format", "ftrace").stdout.startswith("# tracer: nop")
    call("report", "latest", "--format", "tracedat", "-o", tmp_path / "trace.dat")
    assert (tmp_path / "trace.dat").read_bytes().startswith(b"\x17\x08\x44tracing6\0")


@pytest.mark.usefixtures("stored")
def test_a_run_that_is_not_stored_is_refused_with_what_there_is(call: Call) -> None:
    unknown = call("report", "latest", "--format", "ftrace", "-c", "linux-3.1", code=2)
    assert "has no run here; did you mean 'linux-3.10'" in unknown.stderr
    assert (
        "stored are 1" in call("report", "latest", "--format", "ftrace", "--seed", 9, code=2).stderr
    )
    both = call("report", "latest", "--format", "tracedat", *BOTH, code=2)
    assert "tracedat holds one run" in both.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("stored")
def test_a_faulty_section_is_named_in_a_report_that_is_written_all_the_same(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "faulty.py").write_text(
        '# /// reclaimlab\n# name = "faulty"\n# kind = "report"\n# class = "Faulty"\n# ///\n'
        'class Faulty:\n    name, title = "faulty", "Faulty"\n'
        "    def render(self, comparison): raise KeyError('none')\n"
    )
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(tmp_path))
    said = "report faulty: render() raised KeyError: 'none'"
    file = tmp_path / "report.html"
    assert said in call("report", "latest", "--format", "html", "-o", file, code=3).stderr
    assert "render() raised KeyError" in file.read_text()
    assert said in call("bundle", "latest", "-o", tmp_path / "x.zip", code=3).stderr
    call("report", "latest", "--no-plugins")
