"""The published experiment on the page cache: rates from one run, phases, the knee."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reclaimlab.errors import RecordingError
from reclaimlab.validate.page_cache import (
    Bandwidths,
    Crowd,
    PageCache,
    Phase,
    bandwidths,
    is_page_cache_data,
    run,
    validate_page_cache,
)

if TYPE_CHECKING:
    from pathlib import Path

RATES = Bandwidths(510_000_000, 515_000_000, 3_320_000_000, 3_064_000_000)


def times(size: int, *seconds: float) -> list[dict[str, str]]:
    names = ("read1", "write1", "read2", "write2", "read3", "write3")
    return [
        {"size_gb": str(size), "phase": name, "real_s": str(value)}
        for name, value in zip(names, seconds, strict=True)
    ]


def test_bandwidths_come_from_the_20_gb_run_only(tmp_path: Path) -> None:
    folder = tmp_path / "exp1_20gb"
    folder.mkdir()
    drain = [f"{second},{max(0.0, 20 - second / 2)}" for second in range(60)]
    (folder / "memprof_derived.csv").write_text("\n".join(["t_s,dirty_gb", *drain]))
    rows = times(20, 40, 10, 5, 10, 5, 10) + times(50, 1, 1, 1, 1, 1, 1)
    found = bandwidths(tmp_path, rows)
    assert found == Bandwidths(500_000_000, 500_000_000, 4_000_000_000, 2_000_000_000)


def test_a_pipeline_reads_from_the_disk_once_and_writes_into_the_cache() -> None:
    phases = run(3, 1, RATES)
    seconds = {name: end - begin for name, begin, end, _ in phases}
    assert seconds["read1"] == pytest.approx(3e9 / RATES.disk_read, rel=0.02)
    assert seconds["read2"] == pytest.approx(3e9 / RATES.cached_read, rel=0.02)
    assert seconds["write3"] == pytest.approx(3e9 / RATES.cached_write, rel=0.02)
    assert phases[1][3] == pytest.approx(3.0, abs=0.1), "GB dirty when the first write ends"


def test_the_knee_is_where_one_more_application_makes_writing_much_slower() -> None:
    crowds = tuple(
        Crowd(n, measured, simulated)
        for n, measured, simulated in [(8, 4, 3), (9, 4.2, 3), (10, 5.5, 3.1), (11, 15, 9)]
    )
    found = PageCache((Phase(50, "write1", 10.0, 11.0, (40.0, 42.0)),), crowds)
    assert found.knee("measured_s") == 10
    assert found.knee("simulated_s") == 11
    assert found.mean_error == pytest.approx(0.1)
    assert found.worst_dirty_error == pytest.approx(2.0)
    assert not found.missed


def test_a_folder_of_other_things_is_not_this_experiment(tmp_path: Path) -> None:
    assert not is_page_cache_data(tmp_path)
    (tmp_path / "exp1_times.csv").write_text("size_gb,phase,real_s\n")
    assert is_page_cache_data(tmp_path)
    with pytest.raises(RecordingError, match="memprof_derived"):
        bandwidths(tmp_path, times(20, 1, 1, 1, 1, 1, 1))
    with pytest.raises(RecordingError, match="has no read1, write1"):
        validate_page_cache(tmp_path, print)
