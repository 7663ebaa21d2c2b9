"""The commands of sweeps, as people call them."""

import csv
import io
import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from click.testing import Result

from reclaimlab.sweep.table import sweep_rows

Call = Callable[..., Result]
README = Path(__file__).parents[3] / "README.md"
SHORT = ("--set", "duration=200ms", "--jobs", "1", "-q")
GRID = ("--vary", "memcg.box.limit=8M,16M", "--vary", "device.sda.write_bw=5MB..20MB:2")


def test_a_sweep_prints_a_row_a_point_and_is_shown_again(call: Call, tiny: Path) -> None:
    first = call("sweep", tiny, *GRID, *SHORT)
    assert "4 of 4 runs: 4 simulated, 0 answered" in first.stdout
    assert first.stdout.splitlines()[1].split()[:4] == ["8MiB", "5MB", "linux-3.10", "ok"] or (
        first.stdout.splitlines()[1].split()[:4] == ["8M", "5MB/s", "linux-3.10", "ok"]
    )
    assert "4 of 4 runs: 0 simulated, 4 answered" in call("sweep", tiny, *GRID, *SHORT).stdout
    shown = call("sweep", "show", "latest").stdout
    assert shown.splitlines()[:5] == first.stdout.splitlines()[:5]
    assert "4/4" in call("sweep", "list").stdout


def test_the_json_of_a_sweep_has_every_point(call: Call, tiny: Path) -> None:
    plain = json.loads(call("sweep", tiny, *GRID, *SHORT, "--json").stdout)
    assert [each["verdict"] for each in plain["points"]] == ["ok"] * 4
    assert plain["points"][0]["settings"] == {
        "memcg.box.limit": "8M", "device.sda.write_bw": "5MB/s",
    }  # fmt: skip
    assert plain == json.loads(call("sweep", "show", "--json").stdout)


def test_csv_parquet_and_rows_for_pandas_say_the_same(
    call: Call, tiny: Path, db: Path, tmp_path: Path
) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    call("sweep", tiny, *GRID, *SHORT)
    rows = sweep_rows("latest", db)
    table = list(csv.DictReader(io.StringIO(call("sweep", "show", "--format", "csv").stdout)))
    call("sweep", "show", "--format", "parquet", "-o", tmp_path / "a.parquet")
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == rows
    assert [float(row["writer_throughput"]) for row in table] == [
        row["writer_throughput"] for row in rows
    ]


@pytest.mark.parametrize("form", ["svg", "png"])
def test_the_heat_map_of_a_sweep_is_the_same_file_each_time(
    form: str, call: Call, tiny: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    call("sweep", tiny, *GRID, *SHORT)
    for metric in ("verdict", "writer_throughput"):
        files = [tmp_path / f"{metric}-{place}.{form}" for place in (1, 2)]
        for file in files:
            call("sweep", "show", "--format", form, "--metric", metric, "-o", file)
        assert files[0].read_bytes() == files[1].read_bytes()
    if form == "svg":
        assert "memcg.box.limit" in files[0].read_text()


def test_the_html_map_has_every_cell_with_its_unit_and_asks_for_nothing_outside(
    call: Call, tiny: Path, tmp_path: Path
) -> None:
    contenders = ("-c", "linux-3.5", "-c", "linux-3.10")
    call("sweep", tiny, *GRID, *contenders, *SHORT)
    page = call("sweep", "show", "--format", "html").stdout
    assert page == call("sweep", "show", "--format", "html").stdout
    call("sweep", "show", "--format", "html", "-o", tmp_path / "map.html")
    assert (tmp_path / "map.html").read_text() == page
    assert page.count('<td class="ok">ok</td>') == 4
    assert page.count('<td class="premature-oom">premature-oom</td>') == 4
    assert len(re.findall(r'<td class="v[0-7]">[0-9.]+</td>', page)) == 8
    assert "linux-3.10: writer_throughput (MB/s)" in page
    # The first axis goes up: its greatest value stands in the first row.
    rows = re.findall(r'<th scope="row">(.*?)</th>', page)
    assert rows == ["16M", "8M"] * 4
    assert not re.search(r"(src|href|url)\s*[=(]", page)
    assert "script-src 'none'" in unescape(page)


def test_a_sample_has_no_map(call: Call, tiny: Path) -> None:
    pytest.importorskip("SALib")
    sample = ("--vary", "memcg.box.limit=8M..64M", "--design", "lhs", "--samples", "2")
    call("sweep", tiny, *sample, *SHORT)
    refused = call("sweep", "show", "--format", "html", code=2).stderr
    assert "is no grid, so there is no map of it; --format csv has its runs" in refused


def test_the_line_of_the_readme_makes_a_data_frame_of_a_sweep(call: Call, tiny: Path) -> None:
    pandas = pytest.importorskip("pandas")
    call("sweep", tiny, *GRID, *SHORT)
    (line,) = re.findall(r"`(pandas\.DataFrame\(.*?\))`", README.read_text())
    frame = eval(line, {"pandas": pandas, "sweep_rows": sweep_rows})
    assert len(frame) == 4
    assert frame["memcg.box.limit"].tolist() == ["8M", "8M", "16M", "16M"]
    assert frame["writer_throughput"].dtype == float
    assert frame.groupby("memcg.box.limit")["writer_throughput"].mean().gt(0).all()


def test_shards_merged_are_the_sweep(call: Call, tiny: Path, tmp_path: Path) -> None:
    parts = [tmp_path / f"{which}.db" for which in (1, 2)]
    for which, part in enumerate(parts, start=1):
        call("sweep", tiny, *GRID, *SHORT, "--shard", f"{which}/2", "--db", part)
    merged, whole = tmp_path / "merged.db", tmp_path / "whole.db"
    assert "has gained 0 comparisons, 1 sweeps, 4 runs of sweeps, 4 results" in (
        call("runs", "merge", *parts, "--db", merged).stdout
    )
    call("sweep", tiny, *GRID, *SHORT, "--db", whole)
    shown = [call("sweep", "show", "--json", "--db", each).stdout for each in (merged, whole)]
    assert shown[0] == shown[1]
    assert "has gained 0 comparisons, 0 sweeps, 0 runs" in (
        call("runs", "merge", *parts, "--db", merged).stdout
    )


def test_merging_takes_comparisons_with_all_that_belongs_to_them(
    call: Call, tiny: Path, db: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    call("compare", tiny, "-c", "linux-3.10", "--seeds", "2", *SHORT, "--db", other)
    call("runs", "tag", "latest", "kept", "--db", other)
    call("runs", "merge", other)
    assert call("report", "latest", "--format", "json").stdout == (
        call("report", "latest", "--format", "json", "--db", other).stdout
    )
    assert "kept" in call("runs", "list").stdout
    call("runs", "verify", "latest", "-q")


def test_a_dry_run_counts_and_stores_nothing(call: Call, tiny: Path, db: Path) -> None:
    told = call("sweep", tiny, *GRID, *SHORT, "--seeds", "3", "--dry-run").stdout
    assert told.startswith("4 points, 12 runs, 0 of them stored already\nabout ")
    assert not db.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--vary", "memcg.box.limi=8M"), "did you mean 'memcg.box.limit'?"),
        (("--vary", "memcg.box.limit="), "the grid is empty"),
        (("--vary", "memcg.box.limit=1M..2G:1000000000"), "1000000000 runs"),
        (("--vary", "memcg.box.limit=8M,lots"), "'lots' is not a quantity"),
        (("--vary", "memcg.box.limit=8M", "--shard", "3/2"), "--shard '3/2'"),
        (("--vary", "memcg.box.limit=8M..9M", "--design", "lhs"), "needs --samples"),
        (("--cluster", "tcp://127.0.0.1:9"), "no Dask scheduler answers"),
        (("-c", "linux-3.1"), "linux-3.10"),
        (("--seeds", "1000000000"), "1000000000 is not in the range"),
        (("--vary", "memcg.box.limit=8M,9M", "--seeds", "1000000"), "this sweep has 2000000 runs"),
    ],
)
def test_bad_input_gets_one_clear_line_and_leaves_nothing(
    arguments: tuple[str, ...], said: str, call: Call, tiny: Path, db: Path
) -> None:
    result = call("sweep", tiny, *SHORT, *arguments, code=2)
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert not db.exists()


def test_a_latin_hypercube_is_resumed_like_a_grid(call: Call, tiny: Path) -> None:
    pytest.importorskip("SALib")
    sample = ("--vary", "memcg.box.limit=8M..64M", "--design", "lhs", "--samples", "4")
    assert "4 simulated" in call("sweep", tiny, *sample, *SHORT).stdout
    assert "0 simulated" in call("sweep", tiny, *sample, *SHORT).stdout


@pytest.mark.parametrize(("method", "samples"), [("morris", 4), ("sobol", 8)])
def test_the_device_drives_the_throughput_and_the_queue_does_not(
    method: str, samples: int, call: Call, tiny: Path
) -> None:
    pytest.importorskip("SALib")
    told = call(
        "sensitivity", tiny, "--method", method, "--samples", samples, "--json",
        "--vary", "machine.idle_workers=1..4", "--vary", "device.sda.write_bw=5MB..50MB",
        "--set", "duration=2s", "--jobs", "1", "-q",
    ).stdout  # fmt: skip
    effects = json.loads(told)["effects"]
    assert [each["value"] for each in effects] == ["device.sda.write_bw", "machine.idle_workers"]


def test_boundary_prints_the_range_where_nothing_fails(call: Call, tiny: Path) -> None:
    told = call(
        "boundary", tiny, "--find", "memcg.box.limit=8M..64M", "--tolerance", "2M", *SHORT
    ).stdout  # fmt: skip
    assert "the whole range survives" in told
    assert "5 runs" in told


def test_boundary_searches_a_parameter_of_a_policy(call: Call, tiny: Path) -> None:
    told = call(
        "boundary", tiny, "-c", "linux-3.10+congestion-wait", "--tolerance", "100ms",
        "--find", "congestion-wait.timeout=10ms..500ms", *SHORT,
    ).stdout  # fmt: skip
    assert "below 10ms" in told


@pytest.mark.parametrize(
    ("find", "tolerance", "said"),
    [
        ("memcg.box.limit=8M,16M", "2M", "is a list"),
        ("memcg.box.limit=8M..16M", "lots", "--tolerance 'lots'"),
        ("memcg.box.limit=8M..16M", "8M", "below the width"),
        ("memcg.box.limi=8M..16M", "2M", "did you mean 'memcg.box.limit'?"),
    ],
)
def test_boundary_refuses_what_cannot_be_searched(
    find: str, tolerance: str, said: str, call: Call, tiny: Path, db: Path
) -> None:
    refusal = call(
        "boundary", tiny, "--find", find, "--tolerance", tolerance, *SHORT, code=2
    ).stderr  # fmt: skip
    assert said in refusal
    assert not db.exists()


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        (
            "boundary",
            ("--find", "memcg.box.limit=8M..64M", "--tolerance", "2M", "--over",
             "device.sda.write_bw=5MB..50MB:1000000000"),
            "the first probes alone are 5000000000 runs",
        ),
        ("ablate", ("{tiny}", "-f", "may-enter-fs", "--seeds", "1000000"), "takes 2000000 runs"),
        ("ablate", ("-f", "may-enter-fs", "--cluster", "tcp://127.0.0.1:9"), "no Dask scheduler"),
        (
            "sensitivity",
            ("--vary", "memcg.box.limit=8M..9M", "--vary", "device.sda.write_bw=5MB..50MB",
             "--samples", "1000000000"),
            "--samples is 1000000000",
        ),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_asked_gets_one_clear_line_and_leaves_nothing(
    command: str, arguments: tuple[str, ...], said: str, call: Call, tiny: Path, db: Path
) -> None:
    copy = tiny.with_name("copy.toml")
    copy.write_text(tiny.read_text())
    words = [each.format(tiny=copy) for each in arguments]
    refusal = call(command, tiny, *words, *SHORT, code=2).stderr
    assert said in refusal
    assert "Traceback" not in refusal
    assert not db.exists()


def test_ablate_prints_the_minimal_sets(call: Call, tiny: Path) -> None:
    told = call("ablate", tiny, "-f", "may-enter-fs", "-f", "memalloc-noio", *SHORT).stdout
    assert "linux-3.10 alone: ok" in told
    assert "no fix: sufficient" in told


PLUGIN = '''# /// reclaimlab
# name = "changes-nothing"
# class = "ChangesNothing"
# api = ">=1.0,<2"
# ///
"""Changes nothing."""

from reclaimlab.policy import Policy, PolicyInfo


class ChangesNothing(Policy):
    """Changes nothing."""

    info = PolicyInfo("changes-nothing", "Changes nothing.", "Nothing")
'''


def test_ablate_takes_fixes_from_a_folder_of_plugins_and_can_be_denied_them(
    call: Call, tiny: Path, tmp_path: Path
) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "changes_nothing.py").write_text(PLUGIN)
    folder = ("--plugins-dir", tmp_path / "plugins")
    asked = ("ablate", tiny, "-f", "changes-nothing", *SHORT)
    assert "changes-nothing" in call(*asked, code=2).stderr
    told = call(*asked, *folder, "--disable-plugin", "changes-nothing", code=3).stderr
    assert "denied by --disable-plugin" in told
    assert "no fix: sufficient" in call(*asked, *folder).stdout


def test_a_scenario_of_ablate_brings_its_own_settings(call: Call, tiny: Path, db: Path) -> None:
    told = call(
        "ablate", f"{tiny} memcg.box.limit=16M", tiny, "-f", "may-enter-fs", "--json", *SHORT
    ).stdout  # fmt: skip
    assert list(json.loads(told)["none"]) == [f"{tiny} memcg.box.limit=16M", str(tiny)]
    refused = call("ablate", f"{tiny} memcg.box.limi=16M", "-f", "may-enter-fs", *SHORT, code=2)
    assert "did you mean" in refused.stderr


def test_ablate_loads_the_plugins_beside_one_scenario_but_not_beside_two(
    call: Call, tiny: Path, tmp_path: Path
) -> None:
    copies = [tmp_path / name / "tiny.toml" for name in ("a", "b")]
    for copy in copies:
        copy.parent.mkdir()
        copy.write_text(tiny.read_text())
        (copy.parent / "reclaimlab_plugins.py").write_text("")
    refused = call("ablate", *copies, "-f", "may-enter-fs", *SHORT, code=2)
    assert "only one of" in refused.stderr
    assert (
        "no fix: sufficient" in call("ablate", copies[0], tiny, "-f", "may-enter-fs", *SHORT).stdout
    )


def test_a_sweep_of_what_a_plugins_metric_decides_shows_the_verdict(
    call: Call, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tiny.read_text()
    tiny.write_text(text.replace('decides = "writer_throughput"', 'decides = "of_mine"'))
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "mine.py").write_text(
        '# /// reclaimlab\n# name = "of_mine"\n# kind = "metric"\n# class = "Mine"\n# ///\n'
        'class Mine:\n    name, unit, better = "of_mine", "1", "lower"\n'
        "    def measure(self, result): return 1\n"
    )
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(tmp_path / "plugins"))
    said = call("sweep", "run", tiny, "-c", "linux-3.10", "--vary", "memcg.box.limit=16M,32M", "-q")
    assert "writer_throughput" in said.stdout.splitlines()[0]
    file = tmp_path / "map.svg"
    call("sweep", "show", "--format", "svg", "-o", file)
    assert file.read_bytes().startswith(b"<?xml")
