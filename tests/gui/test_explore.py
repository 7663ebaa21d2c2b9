"""The Explore view over an exploration that was really made and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtTest import QAbstractItemModelTester

from reclaimlab.explore.explore import explore
from reclaimlab.explore.json_object import exploration_object
from reclaimlab.explore.request import ExploreRequest
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.explorations import store_exploration

if TYPE_CHECKING:
    from pathlib import Path

    from reclaimlab_gui.main_window import MainWindow


def kept(store: Path, *settings: str, contender: str = "linux-3.10") -> None:
    text = scenario_toml(load_scenario("tiny-completion", ("pages=2", *settings)))
    request = ExploreRequest(text, "tiny-completion", contender, max_seconds=60)
    store_exploration(store, exploration_object(request, explore(request)))


def test_a_counterexample_is_walked_step_by_step_until_the_cycle_stands_in_the_graph(
    window: MainWindow, store: Path
) -> None:
    view = window.explore
    window.show_view(view)
    assert not view.table.csv_rows()[1:], "nothing was explored yet"
    kept(store)
    window.session.store_changed.emit()
    testers = [QAbstractItemModelTester(each.order) for each in (view.table, view.steps)]
    assert view.table.csv_rows()[1][1:4] == ["tiny-completion", "linux-3.10", "all"]
    assert [view.properties.itemText(n) for n in range(view.properties.count())] == [
        "no-deadlock", "progress", "all-cleaned",
    ]  # fmt: skip
    few = len(view.steps.csv_rows())
    view.granularity.setCurrentText("single steps")
    assert len(view.steps.csv_rows()) == 9 > few, "the header, the start and 7 steps"
    assert "box.dirty 0 -> 1 pages" in view.steps.csv_rows()[3][2]
    assert view.step == 7, "the end of the story"
    assert {"kworker/u:1", "bio writer+0"} <= set(view.graph.labels)
    assert "wait_on_page_bit" in view.stack.toPlainText()
    view.previous_step()
    assert view.step == 6
    assert "kworker/u:1" not in view.graph.labels
    assert view.facts()["property"] == "no-deadlock"
    assert testers


def test_a_proof_says_that_there_is_no_schedule_to_show(window: MainWindow, store: Path) -> None:
    kept(store, "writer_gfp=fs", contender="linux-3.10+may-enter-fs")
    window.session.store_changed.emit()
    assert window.explore.table.csv_rows()[1][4] == "nothing"
    assert not window.explore.steps.csv_rows()[1:]
