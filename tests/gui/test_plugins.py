"""The Plugins view: what is installed, what is wrong with it, and the switch."""

import re
import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from reclaimlab.runs.compare import make_plan
from reclaimlab.runs.run import installed_policies
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab_gui.main_window import MainWindow

TINY = str(Path(__file__).parents[1] / "core" / "tiny.toml")
HOSTILE = Path(__file__).parents[1] / "plugins" / "hostile"


KINDS = {
    "metric": ("unit = 's'", "better = 'lower'", "def measure(self, result): return 1.0"),
    "scenario": ("def text(self): return ''",),
    "workload": ("def program(self, context, parameters): yield 1",),
    "filesystem": ("like = 'xfs'", "def mount(self, place, parameters): return None"),
    "device": ("def make(self, place, parameters): return None",),
    "report": ("title = 'More'", "def render(self, comparison): return ''"),
    "property": ("def holds(self, state): return True",),
}


def write_plugin(folder: Path, kind: str, *body: str) -> Path:
    """Write a single-file plugin called ``my-KIND``."""
    lines = [
        "# /// reclaimlab", f'# name = "my-{kind}"', f'# kind = "{kind}"', '# class = "Mine"',
        '# api = ">=1.0,<2"', "# ///", "", "class Mine:", f'    """One of kind {kind}."""',
        f"    name = 'my-{kind}'", *(f"    {line}" for line in body), "",
    ]  # fmt: skip
    folder.mkdir(exist_ok=True)
    path = folder / f"my_{kind}.py"
    path.write_text("\n".join(lines))
    return path


def refresh(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.plugins.listed, timeout=60_000):
        window.plugins.refresh()


@pytest.fixture(autouse=True)
def listed(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(states(window)), timeout=60_000)


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


def test_a_disabled_plugin_is_offered_no_more_until_it_is_enabled(
    window: MainWindow, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(window.plugins.listed, timeout=60_000):
        window.plugins.set_enabled("congestion-wait", enabled=False)
    assert states(window)["congestion-wait"] == "disabled"
    assert "congestion-wait" not in installed_policies().policies
    with qtbot.waitSignal(window.plugins.listed, timeout=60_000):
        window.plugins.set_enabled("congestion-wait", enabled=True)
    assert states(window)["congestion-wait"] == "loaded"


def test_a_plugin_that_fails_at_import_is_listed_with_its_error(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(HOSTILE))
    monkeypatch.setenv("RECLAIMLAB_LOAD_PLUGINS", "raises-at-import")
    refresh(window, qtbot)
    assert states(window)["raises-at-import"] == "failed"
    window.plugins.table.select_key("raises-at-import")
    text = window.plugins.page.toPlainText()
    assert "no import today" in text
    assert re.search(r'raises_at_import\.py", line \d+, in <module>', text)
    assert "reclaimlab/hosting" not in text  # the traceback is the plugin's own


def test_extensions_of_every_kind_are_listed_with_what_they_are(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, body in KINDS.items():
        write_plugin(tmp_path / "plugins", kind, *body)
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(tmp_path / "plugins"))
    refresh(window, qtbot)
    for kind in KINDS:
        assert states(window)[f"my-{kind}"] == "loaded", window.plugins.table.csv_rows()
        assert window.plugins.table.select_key(f"{kind} my-{kind}")
        assert f"One of kind {kind}" in window.plugins.page.toPlainText()
    with qtbot.waitSignal(window.plugins.listed, timeout=60_000):
        window.plugins.switch.click()
    assert states(window)["my-property"] == "disabled"
    assert window.plugins.switch.text() == "Enable"


def test_an_extension_that_fails_in_its_making_shows_where(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plugin(tmp_path / "plugins", "metric", "def __init__(self): self.unit = {}['unit']")
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(tmp_path / "plugins"))
    refresh(window, qtbot)
    window.plugins.table.select_key("metric my-metric")
    text = window.plugins.page.toPlainText()
    assert "KeyError: 'unit'" in text
    assert re.search(r'my_metric\.py", line \d+, in __init__', text)


def test_what_a_plugin_did_wrong_in_a_run_is_told_with_its_traceback_in_run_and_here(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(HOSTILE))
    monkeypatch.setenv("RECLAIMLAB_LOAD_PLUGINS", "raises-at-construction")
    refresh(window, qtbot)
    what = make_plan(load_scenario(TINY), ["linux-3.10+raises-at-construction"], [1])
    with qtbot.waitSignal(window.run.run_failed, timeout=60_000):
        window.set_up.run_requested.emit(what, 2_000_000_000, 1)
    window.plugins.table.select_key("raises-at-construction")
    for text in (window.run.errors.toPlainText(), window.plugins.page.toPlainText()):
        assert "policy raises-at-construction, hook __init__" in text
        assert re.search(r'raises_at_construction\.py", line \d+, in __init__', text)
    qtbot.waitUntil(lambda: not window.run.running, timeout=60_000)


def test_a_file_that_changes_offers_to_run_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    shutil.copy(HOSTILE / "out_of_range.py", folder)
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(folder))
    refresh(window, qtbot)
    source = folder / "out_of_range.py"
    with qtbot.waitSignal(window.plugins.changed_on_disk, timeout=5000) as changed:
        source.write_text(source.read_text() + "# changed\n")
    assert changed.args == ["out-of-range"]
    assert "changed on disk" in window.message.text
