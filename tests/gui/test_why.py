"""The Why view over the run that hangs, made again in a process."""

import math
import multiprocessing
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from statistics import median

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from reclaimlab.measure.timeline import GraphNode, WaitGraph
from reclaimlab_gui.main_window import MainWindow
from reclaimlab_gui.models.wait_layout import lay_out, shortest_cycle
from reclaimlab_gui.session import RunKey
from reclaimlab_gui.views.run_pane import RunPane
from reclaimlab_gui.views.why import WhyView

HANG = ("linux-3.10", 2)


def explain(window: MainWindow, qtbot: QtBot, *others: tuple[str, int]) -> WhyView:
    comparison = window.history.chosen()
    keys = tuple(RunKey(comparison, *each) for each in (HANG, *others))
    with qtbot.waitSignal(window.why.inspector.inspected, timeout=60_000):
        window.session.why_requested.emit(keys)
    assert window.message.text == ""
    return window.why


def test_a_deadlock_opens_at_the_moment_the_cycle_closed_and_names_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    why = explain(window, qtbot)
    (pane,) = why.panes
    assert window.view is why
    assert why.time_ns == pane.timeline.closing_ns
    assert pane.layout_shown is not None
    assert len(pane.layout_shown.cycle) == 3
    assert all(name in pane.cycle.text() for name in pane.layout_shown.cycle)
    assert "wait_on_page_bit" in pane.stack.toPlainText()
    assert multiprocessing.active_children() == []


def test_a_note_on_a_moment_stands_in_the_timeline_and_leads_back_to_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    why = explain(window, qtbot)
    moment = why.time_ns
    why.note("here it closed {at last}")
    (pane,) = why.panes
    assert pane.chart.flags_s == (moment / 1e9,)
    assert "here it closed {at last}" in why.facts()["notes"]
    why.previous_event()
    pane.notes.selectRow(0)
    QTest.keyClick(pane.notes, Qt.Key.Key_Return)
    assert why.time_ns == moment
    window.session.undo()
    assert not pane.chart.flags_s


def test_of_a_long_run_one_part_is_made_again_and_the_others_can_be_asked_for(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reclaimlab_gui.views.why._KEPT_NS", 1_000_000_000)
    why = explain(window, qtbot)
    seen = [why.panes[0].inspection.part]
    for button in (why.earlier, why.earlier, why.later):
        with qtbot.waitSignal(why.inspector.inspected, timeout=60_000):
            button.click()
        seen.append(why.panes[0].inspection.part)
    ends = ["2.7 to 3.7", "1.7 to 2.7", "0.7 to 1.7", "1.7 to 2.7"]
    assert seen == [f"{each} s of 3.7 s" for each in ends]
    why.show_time(0)
    assert why.time_ns == 1_700_000_000  # of what was before, nothing is known
    assert why.earlier.isVisible()
    assert why.later.isVisible()


def test_after_its_end_a_run_is_said_to_be_over(window: MainWindow, qtbot: QtBot) -> None:
    why = explain(window, qtbot, ("linux-3.10+may-enter-fs", HANG[1]))
    hang, _ = why.panes
    why.show_time(hang.timeline.end_ns)
    last = hang.stack.toPlainText()
    why.show_time(hang.timeline.end_ns + 1_000_000_000)
    assert "The run ended at 3.700000 s" in hang.cycle.text()
    assert hang.stack.toPlainText() == last


def test_other_runs_take_the_place_of_those_on_screen_and_no_more_room(
    window: MainWindow, qtbot: QtBot
) -> None:
    explain(window, qtbot)
    beside: list[int] = []
    window.why.inspector.inspected.connect(
        lambda _: beside.append(sum(not p.isHidden() for p in window.why.findChildren(RunPane)))
    )
    explain(window, qtbot)
    assert beside == [1]


def test_a_long_name_of_a_task_is_cut_in_the_timeline_and_not_left_out(
    window: MainWindow, qtbot: QtBot
) -> None:
    (pane,) = explain(window, qtbot).panes
    long = "ext4-rsv-conversion/a-device-with-a-name:4"
    tasks = tuple(replace(task, label=long) for task in pane.timeline.tasks)
    pane.chart.show_timeline(replace(pane.timeline, tasks=tasks), window.session.theme)
    (name,) = set(pane.chart.names)
    assert name.startswith("ext4-rsv")
    assert name.endswith(":4")
    assert len(name) < 30


def test_a_note_in_history_opens_the_run_at_its_moment(window: MainWindow, qtbot: QtBot) -> None:
    comparison = window.history.chosen()
    with qtbot.waitSignal(window.why.inspector.inspected, timeout=60_000):
        window.session.moment_requested.emit(RunKey(comparison, *HANG), 2_000_000_000)
    assert window.view is window.why
    assert window.why.time_ns == 2_000_000_000


def test_before_it_closed_nothing_is_said_to_be_closed(window: MainWindow, qtbot: QtBot) -> None:
    why = explain(window, qtbot)
    why.previous_event()
    (pane,) = why.panes
    assert pane.layout_shown is not None
    assert not any(node.closed for node in pane.layout_shown.nodes)
    why.next_event()
    assert pane.layout_shown.cycle


def test_a_step_takes_less_than_fifty_milliseconds(window: MainWindow, qtbot: QtBot) -> None:
    why = explain(window, qtbot)
    times = []
    for _ in range(15):
        begun = time.thread_time()
        why.previous_event()
        QTest.qWait(0)
        times.append(time.thread_time() - begun)
    # Time of the processor: what else runs on this machine is no fault of the window.
    assert median(times) < 0.05


def test_every_task_of_the_run_can_be_looked_at(window: MainWindow, qtbot: QtBot) -> None:
    (pane,) = explain(window, qtbot).panes
    for task in pane.timeline.tasks:
        pane.select_task(task.label)
        assert f"pid {task.pid}" in pane.stack.toPlainText()
    assert {row.cells[0].text for row in pane.memory.rows} >= {"free", "dirty", "writeback"}


def test_two_runs_stand_side_by_side_at_the_same_moment(window: MainWindow, qtbot: QtBot) -> None:
    why = explain(window, qtbot, ("linux-3.10+may-enter-fs", HANG[1]))
    one, other = why.panes
    assert "xfs-conv/data:6" in one.chart.names
    assert one.layout_shown is not None
    assert other.layout_shown is not None
    assert one.layout_shown.cycle
    assert not other.layout_shown.cycle
    assert other.layout_shown.nodes


def test_play_lets_the_time_run_and_stops_at_the_end(window: MainWindow, qtbot: QtBot) -> None:
    why = explain(window, qtbot)
    begun = why.time_ns
    why.toggle_play()
    qtbot.waitUntil(lambda: why.time_ns == why.panes[0].timeline.end_ns, timeout=20_000)
    assert why.time_ns > begun
    assert why.play.text() == "Play"


def test_a_run_that_is_gone_is_told(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.session.problem_found, timeout=10_000):
        window.session.why_requested.emit((RunKey(window.history.chosen(), "linux-9.9", 1),))
    assert "no run of linux-9.9 with seed 1" in window.message.text


def test_a_run_whose_plugin_has_vanished_is_still_compared_and_why_says_what_is_missing(
    window: MainWindow, qtbot: QtBot
) -> None:
    comparison = window.history.chosen()
    gone = "linux-3.10+vanished"
    with closing(sqlite3.connect(window.session.database)) as database, database:
        database.execute("UPDATE runs SET contender = ? WHERE contender = ?", (gone, HANG[0]))
        database.execute(
            "UPDATE comparisons SET contenders = replace(contenders, ?, ?)",
            ('"linux-3.10"', f'"{gone}"'),
        )
    with qtbot.waitSignal(window.compare.shown, timeout=20_000):
        window.session.compare_requested.emit(comparison)
    assert "wait_on_page_bit" in window.compare.evidence.toPlainText()
    with qtbot.waitSignal(window.session.problem_found, timeout=60_000):
        window.session.why_requested.emit((RunKey(comparison, gone, HANG[1]),))
    assert "unknown policy 'vanished'" in window.message.text
    assert window.isVisible()


def test_j_and_k_step_through_the_stacks_of_the_tasks(window: MainWindow, qtbot: QtBot) -> None:
    why = explain(window, qtbot)
    (pane,) = why.panes
    before = pane.stack.toPlainText()
    why.setFocus()
    QTest.keyClick(why, Qt.Key.Key_J)
    assert pane.stack.toPlainText() != before
    QTest.keyClick(why, Qt.Key.Key_K)
    assert pane.stack.toPlainText() == before


def graph(nodes: str, edges: str, live: str = "") -> WaitGraph:
    places = {name: place for place, name in enumerate(nodes)}
    return WaitGraph(
        0,
        tuple(GraphNode(name, is_task=True, live=name in live) for name in nodes),
        tuple((places[edge[0]], places[edge[1]]) for edge in edges.split()),
    )


@pytest.mark.parametrize(
    ("nodes", "edges", "live", "cycle"),
    [
        ("abc", "ab bc ca", "", "abc"),
        ("abcd", "ab bc cd da ba", "", "ab"),
        ("ab", "ab", "b", ""),
        ("a", "aa", "", "a"),
        ("abc", "ab ba", "c", "ab"),
    ],
)
def test_the_shortest_cycle_is_found(nodes: str, edges: str, live: str, cycle: str) -> None:
    found = shortest_cycle(graph(nodes, edges, live))
    assert "".join(sorted(nodes[place] for place in found)) == cycle


def test_no_two_nodes_stand_on_each_other() -> None:
    layout = lay_out(graph("abcdefgh", "ab bc ca da ea fb gd he"))
    for one in layout.nodes:
        for other in layout.nodes:
            if one is not other:
                assert math.dist((one.x, one.y), (other.x, other.y)) > 20
