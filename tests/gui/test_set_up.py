"""The Set up view: forms from the schema, faults at the field, the command line."""

import shlex
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from reclaimlab.scenarios.builtin import builtin_scenarios
from reclaimlab_gui.main_window import MainWindow


def test_every_scenario_of_the_library_opens_without_a_fault(window: MainWindow) -> None:
    for name in builtin_scenarios():
        window.set_up.show_scenario(name)
        assert (name, window.message.text, window.set_up.settings) == (name, "", [])


def test_the_command_is_exactly_what_was_set_up(window: MainWindow) -> None:
    view = window.set_up
    view.show_scenario("dd-usb-xfs")
    view.form.set_value("memcg.box.limit", "24MiB")
    view.contenders.set_contenders(["linux-3.10", "linux-3.10+congestion-wait(timeout=50ms)"])
    view.set_seeds(7)
    view.copy_command()
    words = shlex.split(QGuiApplication.clipboard().text())
    assert words[:3] == ["reclaimlab", "compare", "dd-usb-xfs"]
    assert words[words.index("--set") + 1] == "memcg.box.limit=24MiB"
    assert words[words.index("--seeds") + 1] == "7"
    assert "linux-3.10+congestion-wait(timeout=50ms)" in words


def test_a_fault_stands_at_its_field_and_nothing_can_be_run(
    window: MainWindow, qtbot: QtBot
) -> None:
    view = window.set_up
    view.form.set_value("machine.memory", "plenty")
    qtbot.waitUntil(lambda: "plenty" in view.form.fault_at("machine.memory"))
    assert not view.can_run
    view.form.set_value("machine.memory", "1GiB")
    qtbot.waitUntil(lambda: view.can_run)


def test_a_fix_that_is_ticked_stands_in_the_contender_with_its_parameters(
    window: MainWindow,
) -> None:
    editor = window.set_up.contenders
    editor.set_contenders(["linux-3.10"])
    editor.tick("congestion-wait")
    assert editor.contenders == ("linux-3.10+congestion-wait",)
    editor.form.set_value("congestion-wait: timeout", "20ms")
    assert editor.contenders == ("linux-3.10+congestion-wait(timeout=20ms)",)


def test_a_parameter_is_typed_letter_by_letter_though_it_is_wrong_in_between(
    window: MainWindow,
) -> None:
    editor = window.set_up.contenders
    editor.set_contenders(["linux-3.10+congestion-wait(timeout=50ms)"])
    field = editor.form.findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    QTest.keyClicks(field, "200m")
    assert "unknown unit 'm'" in editor.form.fault_at("congestion-wait: timeout")
    QTest.keyClicks(field, "s")
    assert editor.contenders == ("linux-3.10+congestion-wait(timeout=200ms)",)
    assert not editor.form.fault_at("congestion-wait: timeout")


def test_a_contender_may_be_typed_and_what_is_wrong_is_said_there(window: MainWindow) -> None:
    editor = window.set_up.contenders
    editor.set_contenders(["linux-3.10"])
    editor.text.clear()
    QTest.keyClicks(editor.text, "linux-3.10+may-enter-sf")
    assert "did you mean 'may-enter-fs'" in editor.fault()


def test_without_a_contender_nothing_is_run_and_the_form_stays(window: MainWindow) -> None:
    window.show_view(window.set_up)
    window.set_up.contenders.set_contenders([])
    window.set_up.start()
    assert "name at least one contender" in window.message.text
    assert window.view is window.set_up


def test_run_hands_over_the_plan_that_was_set_up(window: MainWindow, qtbot: QtBot) -> None:
    window.set_up.show_scenario("dd-usb-xfs")
    window.set_up.set_seeds(3, first=5)
    window.set_up.run_requested.disconnect()
    with qtbot.waitSignal(window.set_up.run_requested) as asked:
        window.set_up.start()
    plan = asked.args[0]
    assert plan.head.seeds == (5, 6, 7)
    assert plan.head.scenario == "dd-usb-xfs"


def test_a_scenario_with_faults_is_told_with_its_lines_and_the_form_stays(
    window: MainWindow, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[scenario]\nname = 'x'\ntitle = 'y'\n[machine]\nmemory = 'plenty'\n")
    window.open_path(bad)
    assert "line 5" in window.message.text
    assert "xfs-softlimit-hang" in window.set_up.command()


def test_search_finds_a_scenario_by_what_it_stresses(window: MainWindow) -> None:
    QTest.keyClicks(window.set_up.search, "loop")
    order = window.set_up.list.order
    names = [order.index(row, 0).data() for row in range(order.rowCount())]
    assert "loop-noio" in names
    assert "hocko-dd" not in names
