"""Hostile input: whatever the bytes, an answer or one clear error, and nothing else.

Hundreds of inputs in `make test`; `fuzz.py` feeds a million to the same properties (`make soak`).
"""

from __future__ import annotations

import contextlib
import gzip
import io
import shutil
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reclaimlab.errors import ReclaimlabError, RecordingError, StoreError
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.reports.evidence import Evidence, read_evidence
from reclaimlab.reports.formats import FORMATS, render
from reclaimlab.runs.bundle import make_bundle, read_bundle, write_bundle
from reclaimlab.runs.comparison import summarise
from reclaimlab.scenarios import recordings
from reclaimlab.scenarios.importers import hang_text, import_hang, import_recording
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.reader import StoreReader

STORES = Path(__file__).parent / "stores"
RECORDING = Path(recordings.__path__[0]) / "a_seq_xfs_20MBps_32M_r1"
MANY = settings(max_examples=settings().max_examples * 2)
SOME = settings(max_examples=settings().max_examples)
CATALOG = Catalog.discover()
SCENARIO = (Path(__file__).parents[1] / "core" / "tiny.toml").read_bytes()
STORE = gzip.decompress((STORES / "version-1.sqlite.gz").read_bytes())
TRACE = gzip.decompress((RECORDING / "trace.txt.gz").read_bytes())[:20_000]


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Return ``whole`` with up to six pieces cut out, doubled or overwritten."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 64))
        odd = st.sampled_from(
            [b"\0", b"\xff\xfe", b"[", b"'''", b"1e999", b"-1", b"\n[x]\n", b"9" * 40, b"\r\n"]
        )
        again = st.just(bytes(data[start : start + length]) * 2)
        data[start : start + length] = draw(st.one_of(st.binary(max_size=16), again, odd))
    return bytes(data)


def words() -> st.SearchStrategy[str]:
    known = [*CATALOG.policies, "+", "(", ")", "=", ",", "timeout", "100ms", "skip", "nofs", "test"]
    return st.lists(st.one_of(st.sampled_from(known), st.text(max_size=4)), max_size=12).map(
        "".join
    )


@MANY
@given(words())
def test_any_text_is_a_contender_or_a_contender_error(text: str) -> None:
    try:
        parsed = parse_contender(text, CATALOG)
    except ReclaimlabError:
        return
    assert parse_contender(str(parsed), CATALOG) == parsed


@MANY
@given(st.one_of(damaged(SCENARIO), st.binary(max_size=200)))
def test_any_bytes_are_a_scenario_or_a_list_of_its_faults(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "odd.toml"
        path.write_bytes(data)
        try:
            load_scenario(str(path))
        except ReclaimlabError as error:
            said = str(error)
        else:
            return
        assert str(path) in said


@SOME
@given(damaged(TRACE))
def test_any_trace_is_imported_or_refused_and_then_nothing_is_written(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        trace, output = Path(folder) / "trace.txt", Path(folder) / "out.toml"
        trace.write_bytes(data)
        try:
            import_recording("ftrace", [trace], output)
        except RecordingError:
            assert {each.name for each in Path(folder).iterdir()} == {"trace.txt"}
        else:
            load_scenario(str(output))


@SOME
@given(
    st.sampled_from(["meta.toml", "samples.csv", "latency.csv"]).flatmap(
        lambda name: st.tuples(st.just(name), damaged((RECORDING / name).read_bytes()))
    )
)
def test_any_recorded_run_is_imported_or_refused_and_then_nothing_is_written(
    file: tuple[str, bytes],
) -> None:
    name, data = file
    with tempfile.TemporaryDirectory() as folder:
        run, output = Path(folder) / "run", Path(folder) / "out.toml"
        shutil.copytree(RECORDING, run, ignore=shutil.ignore_patterns("trace*"))
        (run / name).write_bytes(data)
        try:
            import_recording("vmstat", [run], output)
        except RecordingError:
            assert {each.name for each in Path(folder).iterdir()} == {"run"}
        else:
            load_scenario(str(output))


DATA = Path(__file__).parents[1] / "core" / "scenarios" / "data"
KINDS = {
    "vmstat-1.txt": "vmstat",
    "vmstat-wide-time.txt": "vmstat",
    "proc-vmstat.txt": "vmstat",
    "trace-cmd-report.txt": "ftrace",
    "trace-cmd-report-l.txt": "ftrace",
    "fio-write.json": "fio",
    "jobs.fio": "fio",
}


@SOME
@given(
    st.sampled_from(sorted(KINDS)).flatmap(
        lambda name: st.tuples(st.just(name), damaged((DATA / name).read_bytes()))
    )
)
def test_what_another_program_wrote_is_imported_or_refused_and_then_nothing_is_written(
    file: tuple[str, bytes],
) -> None:
    name, data = file
    kind: Any = KINDS[name]
    with tempfile.TemporaryDirectory() as folder:
        given, output = Path(folder) / name, Path(folder) / "out.toml"
        given.write_bytes(data)
        try:
            import_recording(kind, [given], output)
        except RecordingError:
            assert {each.name for each in Path(folder).iterdir()} == {name}
        else:
            load_scenario(str(output))


@SOME
@given(
    st.sampled_from(["hung-ext4-2015.txt", "hung-xfs-2013.txt"])
    .map(lambda name: (DATA / name).read_bytes()[:6000])
    .flatmap(damaged)
)
def test_any_kernel_log_is_a_hang_or_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log, output = Path(folder) / "dmesg.txt", Path(folder) / "out.toml"
        log.write_bytes(data)
        try:
            hang = import_hang([log])
            hang_text(hang)
            hang.write(output)
        except ReclaimlabError:
            assert {each.name for each in Path(folder).iterdir()} == {"dmesg.txt"}
        else:
            load_scenario(str(output))


def whole_bundle() -> tuple[bytes, dict[str, bytes]]:
    """Return a bundle, and its files by name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.zip"
        store = Path(folder) / "runs.sqlite"
        store.write_bytes(NEWEST)
        with StoreReader(store) as reader:
            stored = reader.comparison("latest")
            made = make_bundle(stored.id, stored.head, reader.runs(stored.id)[:2])
        write_bundle(path, made, {"report.txt": "a report"})
        with zipfile.ZipFile(path) as file:
            return path.read_bytes(), {name: file.read(name) for name in file.namelist()}


NEWEST = gzip.decompress((STORES / "version-2.sqlite.gz").read_bytes())
BUNDLE, FILES = whole_bundle()
NAMES = st.sampled_from(
    [
        "../x",
        "/etc/x",
        "a/../../x",
        "..\\x",
        "c:x",
        "policies/x.py",
        "bundle.json",
        "x\n",
        "\x1b[2J",
    ]
)


@st.composite
def odd_bundles(draw: st.DrawFn) -> bytes:
    """Return a zip whose manifest or names are somebody's own, or damaged bytes of one."""
    if draw(st.booleans()):
        return draw(damaged(BUNDLE))
    files = dict(FILES)
    files["bundle.json"] = draw(damaged(FILES["bundle.json"]))
    files |= draw(st.dictionaries(NAMES, st.binary(max_size=20), max_size=2))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = draw(st.sampled_from([0o644 << 16, 0o120777 << 16]))  # a link
            info.compress_type = draw(st.sampled_from([0, 8]))
            file.writestr(info, data)
    return packed.getvalue()


@SOME
@given(odd_bundles())
def test_any_bytes_are_a_bundle_to_show_or_refused_and_nothing_is_unpacked(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "odd.zip"
        path.write_bytes(data)
        try:
            bundle = read_bundle(path)
            bundle.differences()
            comparison = summarise(bundle.id, bundle.head, bundle.records)
            for name in FORMATS:
                render(comparison, name, Evidence(bundle.scenario_text))
        except ReclaimlabError:
            pass
        assert {each.name for each in Path(folder).iterdir()} == {"odd.zip"}


COLUMNS = {
    "comparisons": ("title", "decides", "contenders", "seeds", "planned_runs", "created_at"),
    "runs": ("contender", "seed", "verdict", "ended", "ended_ns", "events", "policy_versions"),
    "metrics": ("scope", "subject", "name", "value", "unit"),
    "incidents": ("verdict", "t_ns", "tasks", "cycle", "memory_pages", "note"),
    "series": ("name", "unit", "t_ns", "v", "n"),
    "notes": ("text", "created_at"),
    "tags": ("tag",),
}
ODD_VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=20),
    st.sampled_from(["{}", "[]", "[1]", '["x"]', '{"a": [1]}', "[[]]", "[" * 900 + "]" * 900]),
    st.sampled_from(["deadlock", "ok", "linux-3.10", "=1+1", "<script>", "\u202e", "run", "0"]),
)


@SOME
@given(
    st.lists(
        st.sampled_from([(table, name) for table in COLUMNS for name in COLUMNS[table]]),
        min_size=1,
        max_size=3,
    ),
    st.data(),
)
def test_whatever_stands_in_a_column_every_report_is_made_or_refused(
    places: list[tuple[str, str]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "odd.sqlite"
        path.write_bytes(NEWEST)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            for table, name in places:
                value = data.draw(ODD_VALUES)
                with contextlib.suppress(sqlite3.Error):  # not null, unique: SQLite itself says no
                    connection.execute(f"UPDATE {table} SET {name} = ?", [value])
            connection.commit()
        try:
            with StoreReader(path) as reader:
                stored = reader.comparison("latest")
                comparison = summarise(stored.id, stored.head, reader.runs(stored.id, series=True))
                evidence = read_evidence(reader, comparison)
            for name in FORMATS:
                render(comparison, name, evidence)
        except ReclaimlabError as error:
            said = str(error)
        else:
            return
        assert said


@SOME
@given(damaged(STORE))
def test_any_file_is_a_store_or_refused_with_its_name(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "odd.sqlite"
        path.write_bytes(data)
        try:
            with StoreReader(path) as reader:
                for comparison in reader.comparisons():
                    reader.runs(comparison.id, series=True)
        except StoreError as error:
            said = str(error)
        else:
            return
        assert str(path) in said
