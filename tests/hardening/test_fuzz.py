"""Hostile input: whatever the bytes, an answer or one clear error, and nothing else.

Hundreds of inputs in `make test`, tens of thousands in `make soak`.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reclaimlab.errors import ReclaimlabError, RecordingError, StoreError
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.scenarios import recordings
from reclaimlab.scenarios.importers import import_recording
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.reader import StoreReader

STORES = Path(__file__).parent / "stores"
RECORDING = Path(recordings.__path__[0]) / "a_seq_xfs_20MBps_32M_r1"
MANY = settings(max_examples=settings().max_examples * 5)
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
