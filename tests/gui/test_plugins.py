"""The Plugins view: what is installed, what is wrong with it, and the switch."""

import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from reclaimlab.runs.run import installed_policies
from reclaimlab_gui.main_window import MainWindow

HOSTILE = Path(__file__).parents[1] / "plugins" / "hostile"


def states(window: MainWindow) -> dict[object, str]:
    order = window.plugins.table.order
    return {order.index(n, 0).data(): order.index(n, 2).data() for n in range(order.rowCount())}


def test_every_installed_policy_is_listed_as_usable(window: MainWindow) -> None:
    assert set(states(window)) == set(installed_policies().names)
    assert set(states(window).values()) == {"loaded"}


def test_the_page_of_a_plugin_has_its_hooks_parameters_and_file(window: MainWindow) -> None:
    window.plugins.table.select_key("congestion-wait")
    text = window.plugins.page.toPlainText()
    assert "throttle_after_batch" in text
    assert "timeout" in text
    assert "reclaimlab_fixes.congestion_wait" in text


def test_a_disabled_plugin_is_offered_no_more_until_it_is_enabled(window: MainWindow) -> None:
    window.plugins.set_enabled("congestion-wait", enabled=False)
    assert states(window)["congestion-wait"] == "disabled"
    assert "congestion-wait" not in installed_policies().policies
    window.plugins.set_enabled("congestion-wait", enabled=True)
    assert states(window)["congestion-wait"] == "loaded"


def test_a_plugin_that_fails_at_import_is_listed_with_its_error(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(HOSTILE))
    monkeypatch.setenv("RECLAIMLAB_LOAD_PLUGINS", "raises-at-import")
    window.plugins.refresh()
    assert states(window)["raises-at-import"] == "failed"
    window.plugins.table.select_key("raises-at-import")
    assert "no import today" in window.plugins.page.toPlainText()


def test_a_file_that_changes_offers_to_run_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    shutil.copy(HOSTILE / "out_of_range.py", folder)
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(folder))
    window.plugins.refresh()
    source = folder / "out_of_range.py"
    with qtbot.waitSignal(window.plugins.changed_on_disk, timeout=5000) as changed:
        source.write_text(source.read_text() + "# changed\n")
    assert changed.args == ["out-of-range"]
    assert "changed on disk" in window.message.text
