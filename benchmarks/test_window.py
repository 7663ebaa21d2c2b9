"""The benchmark of the window still runs; how long it takes is no test."""

from pathlib import Path

import pytest

from benchmarks import window as benchmark


def test_a_small_workload_of_the_window_is_made_opened_and_panned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(benchmark, "RUNS", 64)
    monkeypatch.setattr(benchmark, "SAMPLES", 20_000)
    monkeypatch.setattr(benchmark, "FRAMES", 3)
    benchmark.make_stores(tmp_path)
    with benchmark.opened(tmp_path) as window:
        assert benchmark.pan_seconds(window, tmp_path / "long.sqlite") > 0
        assert len(window.compare.board.plots) == 7
        assert (
            max(len(line.curve.values) for line in window.compare.board.panels[0].lines) == 20_000
        )
        assert benchmark.seconds(lambda: window.open_path(tmp_path / "large.sqlite")) > 0
        assert window.history.table.order.rowCount() == 4
