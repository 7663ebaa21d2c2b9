"""The window as a whole: stores good and bad, two windows, commands, help, what it remembers."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from reclaimlab.hosting.reference import hook_objects, hook_text
from reclaimlab.runs.verify import verify
from reclaimlab.store.migrations import SCHEMA_VERSION
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.writer import StoreWriter
from reclaimlab_gui.app import open_window
from reclaimlab_gui.dialogs.command_palette import CommandPalette, fits
from reclaimlab_gui.dialogs.help import HelpWindow, help_pages
from reclaimlab_gui.dialogs.keys import KeysDialog
from reclaimlab_gui.first_run import offer_first_comparison
from reclaimlab_gui.main_window import MainWindow
from reclaimlab_gui.theme import DARK, LIGHT, THEMES, VERDICT_COLOURS, Theme


def newer(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


def corrupt(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:40960] = b"\xff" * (40960 - 4096)
    path.write_bytes(content)


def foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE recipes (name)")


def text(path: Path) -> None:
    path.write_text("this is no database at all")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (newer, "newer reclaimlab"),
        (corrupt, "malformed"),
        (foreign, "another program"),
        (text, "not a SQLite database"),
    ],
)
def test_a_store_that_cannot_be_used_is_told_and_nothing_is_lost(
    window: MainWindow, tmp_path: Path, store: Path, spoil: Callable[[Path], None], said: str
) -> None:
    bad = tmp_path / "bad.sqlite"
    bad.write_bytes(store.read_bytes())
    spoil(bad)
    window.open_path(bad)
    assert said in window.message.text
    assert window.session.database == store
    assert window.isVisible()


def test_a_window_that_starts_over_a_store_it_cannot_use_says_so(
    make_window: Callable[[Path], MainWindow], store: Path
) -> None:
    text(store)
    window = make_window(store)
    assert "not a SQLite database" in window.message.text


def test_a_store_dropped_on_the_window_is_opened(window: MainWindow, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    other.write_bytes(window.session.database.read_bytes())
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(other))])
    event = QDropEvent(
        QPointF(QPoint(100, 100)),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(event)
    assert window.session.database == other
    assert "other.sqlite" in window.windowTitle()


def test_a_file_of_another_kind_is_refused_with_what_can_be_opened(
    window: MainWindow, tmp_path: Path
) -> None:
    window.open_path(tmp_path / "song.mp3")
    assert ".toml" in window.message.text


def test_what_another_process_writes_is_seen(window: MainWindow, qtbot: QtBot) -> None:
    with (
        qtbot.waitSignal(window.session.store_changed, timeout=10_000),
        StoreWriter(window.session.database) as writer,
        StoreReader(window.session.database) as reader,
    ):
        writer.add_note(reader.resolve("latest"), "seen from outside")


def test_two_windows_look_at_their_own_stores(
    make_window: Callable[[Path], MainWindow], store: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.sqlite"
    other.write_bytes(store.read_bytes())
    one, two = make_window(store), make_window(store)
    two.open_path(other)
    assert one.session.database == store
    assert two.session.database == other
    two.close()
    assert one.isVisible()


def test_at_the_first_start_the_posted_hang_is_there_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    path = tmp_path / "new" / "runs.sqlite"
    monkeypatch.setenv("RECLAIMLAB_DB", str(path))
    window = open_window()
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.compare.shown, timeout=20_000):
        pass
    assert window.view is window.compare
    assert "deadlock" in window.compare.evidence.toPlainText()


def test_the_sample_never_takes_the_place_of_a_store(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    path.write_bytes(b"")
    assert not offer_first_comparison(path)
    assert path.read_bytes() == b""


def test_the_sample_is_what_the_simulator_of_today_gives(store: Path) -> None:
    with StoreReader(store) as reader:
        runs = reader.runs(reader.resolve("latest"), series=True)
    shortest = min(runs, key=lambda run: run.result.ended_ns if run.result else 0)
    (found,) = verify([shortest])
    assert found.same, f"{found.difference}; make it anew: python -m reclaimlab_gui.make_sample"


def test_the_help_has_every_hook_with_its_rules() -> None:
    page = help_pages()["Hooks"]
    assert {hook["name"] for hook in hook_objects() if hook_text(hook["name"]) not in page} == set()


def test_every_view_has_a_key_and_a_page_of_help(window: MainWindow) -> None:
    for number, view in enumerate(window.views, start=1):
        QTest.keyClick(window, Qt.Key(Qt.Key.Key_0 + number), Qt.KeyboardModifier.ControlModifier)
        assert window.view is view
        assert view.title in help_pages()
        shown = HelpWindow(view.title, window)
        assert view.title in shown.text.toPlainText()


def test_the_palette_finds_a_command_by_some_letters_and_does_it(window: MainWindow) -> None:
    palette = CommandPalette(window.commands, window)
    QTest.keyClicks(palette.line, "showplug")
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.view is window.plugins


@pytest.mark.parametrize(
    ("typed", "found"), [("", True), ("dk col", True), ("kd", False), ("DARK", True)]
)
def test_letters_fit_in_their_order(typed: str, *, found: bool) -> None:
    assert fits(typed, "Dark colours") == found


def test_no_two_commands_have_one_key_and_all_are_listed(window: MainWindow) -> None:
    keys = [each.shortcut().toString() for each in window.commands if each.shortcut().toString()]
    assert len(keys) == len(set(keys))
    dialog = KeysDialog(window.commands, window)
    listed = {
        dialog.table.order.index(row, 0).data() for row in range(dialog.table.order.rowCount())
    }
    assert set(keys) <= listed


def test_everything_that_takes_the_focus_has_a_name(window: MainWindow) -> None:
    from PySide6.QtWidgets import QComboBox, QLineEdit, QListWidget, QTableView, QTextEdit

    kinds = (QLineEdit, QComboBox, QListWidget, QTableView, QTextEdit)
    unnamed = [
        f"{type(widget).__name__} in {type(widget.parent()).__name__}"
        for view in window.views
        for kind in kinds
        for widget in view.findChildren(kind)
        if not widget.accessibleName()
        and widget.objectName() != "qt_spinbox_lineedit"
        and not isinstance(widget.parent(), QComboBox)
    ]
    assert unnamed == []


def test_theme_letters_and_size_are_remembered(
    make_window: Callable[[Path], MainWindow], store: Path
) -> None:
    first = make_window(store)
    first.use_theme("dark")
    first.scale_font(150)
    first.resize(1100, 720)
    first.close()
    second = make_window(store)
    assert second.session.theme is DARK
    assert second.session.settings.font_scale == 150
    second.use_theme("light")
    second.scale_font(100)


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_letters_can_be_read_on_every_ground(theme: Theme) -> None:
    for letters in (theme.text, theme.faint, theme.better, theme.worse):
        for ground in (theme.window, theme.base, theme.alternate):
            assert contrast(letters, ground) >= 4.5, (letters, ground)
    assert contrast(theme.accent_text, theme.accent) >= 4.5
    assert all(contrast(colour, theme.base) >= 3 for colour in theme.contenders)


def test_verdicts_can_be_read_and_contenders_differ_in_dashes_too() -> None:
    assert all(contrast(front, back) >= 4.5 for back, front in VERDICT_COLOURS.values())
    assert len({LIGHT.contender(place)[1] for place in range(4)}) == 4
