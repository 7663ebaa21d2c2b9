"""The Run view over real processes: progress, cancel, plugins that fail."""

import multiprocessing
import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from reclaimlab.runs.compare import Plan, make_plan
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.reader import StoreReader
from reclaimlab_gui.main_window import MainWindow

TINY = str(Path(__file__).parents[1] / "core" / "tiny.toml")
HOSTILE = Path(__file__).parents[1] / "plugins" / "hostile"
LONG_MS = 60_000


def plan(*contenders: str, seeds: int = 1, duration: str = "2s") -> Plan:
    scenario = load_scenario(TINY, [f"duration={duration}"])
    return make_plan(scenario, contenders, range(1, seeds + 1))


def start(window: MainWindow, what: Plan, duration_s: float = 2) -> None:
    window.set_up.run_requested.emit(what, int(duration_s * 1e9), 2)


def states(window: MainWindow) -> list[str]:
    return [row.cells[2].text for row in window.run.runs.rows]


def test_a_comparison_is_run_stored_and_opened_side_by_side(
    window: MainWindow, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(window.compare.shown, timeout=LONG_MS):
        start(window, plan("linux-3.10", "linux-3.10+may-enter-fs"))
    assert window.view is window.compare
    with StoreReader(window.session.database) as reader:
        assert reader.comparison("latest").id == window.compare.comparison_id()
        assert reader.comparison("latest").stored_runs == 2


def test_cancel_ends_the_processes_and_keeps_finished_runs(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.show_view(window.run)
    start(window, plan("linux-3.10", "linux-3.11", seeds=60, duration="30s"), 30)
    qtbot.waitUntil(lambda: "done" in _any(window) or "ok" in states(window), timeout=LONG_MS)
    window.run.cancel()
    qtbot.waitUntil(lambda: not window.run.running, timeout=3000)
    assert multiprocessing.active_children() == []
    assert "cancelled" in states(window)
    with StoreReader(window.session.database) as reader:
        assert 0 < reader.comparison("latest").stored_runs < 120


def _any(window: MainWindow) -> set[str]:
    return set(states(window))


def test_cancel_ends_a_plugin_that_never_returns(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(HOSTILE))
    monkeypatch.setenv("RECLAIMLAB_LOAD_PLUGINS", "loops-for-ever")
    start(window, plan("linux-3.10+loops-for-ever"))
    qtbot.waitUntil(lambda: states(window) == ["running"], timeout=LONG_MS)
    qtbot.waitUntil(lambda: bool(multiprocessing.active_children()), timeout=LONG_MS)
    window.run.cancel()
    qtbot.waitUntil(lambda: not window.run.running, timeout=5000)
    assert multiprocessing.active_children() == []


def test_an_error_of_a_plugin_is_shown_with_its_name_and_the_others_go_on(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(HOSTILE))
    monkeypatch.setenv("RECLAIMLAB_LOAD_PLUGINS", "out-of-range")
    with qtbot.waitSignal(window.run.finished, timeout=LONG_MS):
        start(window, plan("linux-3.10", "linux-3.10+out-of-range"))
    assert states(window)[1] == "failed"
    assert states(window)[0] != "failed"
    assert "out-of-range" in window.run.errors.toPlainText()
    assert "timeout_ns -1" in window.run.errors.toPlainText()


def test_a_second_comparison_has_to_wait_and_is_told_so(window: MainWindow, qtbot: QtBot) -> None:
    start(window, plan("linux-3.10", seeds=20, duration="30s"), 30)
    assert not window.run.start(plan("linux-3.10"), 1, 1)
    assert "under way" in window.message.text
    window.run.cancel()
    qtbot.waitUntil(lambda: not window.run.running, timeout=5000)


def test_closing_the_window_ends_the_processes(window: MainWindow) -> None:
    start(window, plan("linux-3.10", seeds=20, duration="30s"), 30)
    window.close()
    assert multiprocessing.active_children() == []


def test_a_read_only_store_is_told_and_the_window_stays_up(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write anywhere, so the question itself is answered with no.
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    with qtbot.waitSignal(window.session.problem_found, timeout=LONG_MS):
        start(window, plan("linux-3.10"))
    qtbot.waitUntil(lambda: not window.run.running)
    assert "read-only" in window.message.text
    assert window.isVisible()
