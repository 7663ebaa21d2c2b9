"""A window under scripted use for so many seconds; the tests beside it run it as a process.

``python -m tests.hardening.scripted_window STORE SCENARIO SECONDS [SAMPLE_S]`` prints that it is
ready, a sample of the process now and then, and at the end what the window said and did.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings
from PySide6.QtTest import QTest

from reclaimlab.store.reader import StoreReader
from reclaimlab_gui.app import dispose, make_application, open_window
from tests.hardening.sampling import sample, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab_gui.main_window import MainWindow


class Script:
    """What a user does, one step after the other, as long as there is time."""

    def __init__(self, window: MainWindow, scenario: Path) -> None:
        self.window = window
        self.scenario = scenario
        self.problems: list[str] = []
        self.steps = self.compared = self.deleted_runs = 0
        self.longest_step_s = 0.0
        window.session.problem_found.connect(self.problems.append)

    def run(self, seconds: float, every_s: float) -> None:
        begun = told = time.monotonic()
        for step in cycle((self.look_around, self.compare, self.explain, self.remark)):
            now = time.monotonic()
            if now - begun > seconds:
                return
            if now - told > every_s:
                told = now
                tell(at_s=round(now - begun, 1), **sample())
            step()
            self.steps += 1

    def look_around(self) -> None:
        for view in self.window.views:
            self.timed(partial(self.window.show_view, view))
            QTest.qWait(100)

    def compare(self) -> None:
        window = self.window
        if window.run.running:
            return
        self.timed(lambda: window.open_path(self.scenario))
        window.set_up.set_seeds(2, self.steps + 1)
        self.timed(window.set_up.start)
        self.compared += 1
        self.until(lambda: not window.run.running)

    def explain(self) -> None:
        with StoreReader(self.window.session.database) as reader:
            known = reader.comparisons()
        whole = [each for each in known if each.stored_runs == each.head.planned_runs]
        if whole:
            chosen = whole[self.steps % min(len(whole), 5)].id
            self.timed(lambda: self.window.session.compare_requested.emit(chosen))
            QTest.qWait(500)

    def remark(self) -> None:
        with StoreReader(self.window.session.database) as reader:
            known = reader.comparisons()
        if not known:
            return
        session, newest = self.window.session, known[0].id
        self.timed(lambda: session.write(lambda writer: writer.add_tag(newest, "seen")))
        if len(known) > 8:  # so that the window holds as much at the end as at the beginning
            oldest = known[-1]
            self.timed(lambda: session.write(lambda writer: writer.delete(oldest.id)))
            self.deleted_runs += oldest.stored_runs
        QTest.qWait(50)

    def timed(self, action: Callable[[], object]) -> None:
        begun = time.monotonic()
        action()
        self.longest_step_s = max(self.longest_step_s, time.monotonic() - begun)

    def until(self, over: Callable[[], bool]) -> None:
        end = time.monotonic() + 120
        while not over() and time.monotonic() < end:
            QTest.qWait(50)


def main() -> None:
    store, scenario, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    every_s = float(sys.argv[4]) if len(sys.argv) > 4 else 1e9
    ini = QSettings.Format.IniFormat
    QSettings.setPath(ini, QSettings.Scope.UserScope, str(store.parent / "settings"))
    make_application()
    window = open_window(store)
    window.show()
    QTest.qWait(50)
    tell(ready=True, told=window.message.text)
    script = Script(window, scenario)
    script.run(seconds, every_s)
    script.until(lambda: not window.run.running)
    tell(
        problems=script.problems, steps=script.steps, compared=script.compared,
        deleted_runs=script.deleted_runs,
        longest_step_s=round(script.longest_step_s, 3), **sample(),
    )  # fmt: skip
    dispose(window)


if __name__ == "__main__":
    main()
