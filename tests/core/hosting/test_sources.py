"""Plugins come in three ways, and each can be allowed, denied or left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reclaimlab.errors import UnusablePluginError
from reclaimlab.hosting.api_range import ApiRange, api_range
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.settings import PluginSettings, beside

if TYPE_CHECKING:
    from pathlib import Path

FIX = """# /// reclaimlab
# name = "{name}"
# class = "Fix"
# version = "3"
# ///
from reclaimlab.policy import Policy, PolicyInfo

class Fix(Policy):
    "A fix."
    info = PolicyInfo("{name}", "t", "c")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "plugins"
    place.mkdir()
    (place / "mine.py").write_text(FIX.format(name="mine"))
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(place))
    return place


def states() -> dict[str, str]:
    return {
        each.name: each.state
        for each in Catalog.discover().entries
        if each.distribution != "reclaimlab"
    }


def test_a_file_with_a_header_is_a_plugin(folder: Path) -> None:
    (entry,) = (each for each in Catalog.discover().entries if each.name == "mine")
    assert (entry.state, entry.version) == ("loaded", "3")
    assert entry.module == f"{folder / 'mine.py'}:Fix"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("variable", "value", "state"),
    [
        ("RECLAIMLAB_LOAD_PLUGINS", "mine", "loaded"),
        ("RECLAIMLAB_LOAD_PLUGINS", "yours, mine", "loaded"),
        ("RECLAIMLAB_LOAD_PLUGINS", "yours", "disabled"),
        ("RECLAIMLAB_LOAD_PLUGINS", "", "disabled"),
        ("RECLAIMLAB_DISABLED_PLUGINS", "mine", "disabled"),
        ("RECLAIMLAB_DISABLED_PLUGINS", "yours", "loaded"),
    ],
)
def test_the_environment_allows_denies_or_loads_none(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, state: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert states() == {"mine": state}
    assert Catalog.discover().get("linux-3.10").info.kind == "kernel"


@pytest.mark.usefixtures("folder")
def test_a_disabled_plugin_says_what_disables_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECLAIMLAB_DISABLED_PLUGINS", "mine")
    with pytest.raises(UnusablePluginError, match=r"mine is denied by --disable-plugin"):
        Catalog.discover().get("mine")


def test_one_of_ours_can_be_denied_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECLAIMLAB_DISABLED_PLUGINS", "may-enter-fs")
    (entry,) = (each for each in Catalog.discover().entries if each.name == "may-enter-fs")
    assert entry.state == "disabled"


def test_a_folder_that_has_vanished_stops_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(folder / "gone"))
    (entry,) = (each for each in Catalog.discover().entries if each.state == "failed")
    assert "there is no folder" in entry.error
    assert "linux-3.10" in Catalog.discover().policies


def test_a_file_cannot_take_a_name_of_ours_nor_of_another_file(folder: Path) -> None:
    (folder / "a.py").write_text(FIX.format(name="may-enter-fs"))
    (folder / "z.py").write_text(FIX.format(name="mine"))
    failed = {each.module: each.error for each in Catalog.discover().entries if each.error}
    assert failed == {
        f"{folder / 'a.py'}:Fix": "the name is taken by reclaimlab",
        f"{folder / 'z.py'}:Fix": f"the name is taken by {folder / 'mine.py'}:Fix",
    }


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ('name = "x"', "'class' is missing in its header"),
        ('name = "x"\n# clas = "Fix"', "unknown key 'clas' in its header; did you mean 'class'?"),
        ("name = 3", "'name' is no text in its header"),
        ("name = ", "its header is not TOML"),
        ('name = "x"\n# class = "Fix"\n# kind = "polcy"', "did you mean 'policy'?"),
        ('name = "x"\n# class = "Fix"\n# api = "new"', "the rule is a pair such as (1, 0)"),
        ('name = "x"\n# class = "Fix"\n# api = ">=1.4,<2"', "written for plugin API >=1.4,<2.0"),
    ],
)
def test_a_faulty_header_is_told_and_the_file_is_not_imported(
    folder: Path, header: str, said: str
) -> None:
    (folder / "x.py").write_text(f"# /// reclaimlab\n# {header}\n# ///\nraise SystemExit\n")
    (entry,) = (each for each in Catalog.discover().entries if each.error)
    assert said in entry.error
    assert states()["mine"] == "loaded"


def test_a_file_without_a_header_is_nobodys_plugin(folder: Path) -> None:
    (folder / "helper.py").write_text("raise SystemExit\n")
    assert states() == {"mine": "loaded"}


def test_several_plugins_of_one_file_share_its_module(folder: Path) -> None:
    table = "# [[plugin]]\n# name = '{}'\n# class = '{}'\n"
    plugins = table.format("one", "One") + table.format("two", "Two")
    body = "class {}(Policy):\n    'A fix.'\n    info = PolicyInfo('{}', 't', 'c')\n"
    (folder / "both.py").write_text(
        f"# /// reclaimlab\n{plugins}# ///\nfrom reclaimlab.policy import Policy, PolicyInfo\n"
        + body.format("One", "one")
        + body.format("Two", "two")
    )
    found = Catalog.discover()
    assert found.get("one").__module__ == found.get("two").__module__


def test_the_file_beside_a_scenario_is_found(tmp_path: Path) -> None:
    scenario = tmp_path / "mine.toml"
    assert beside(str(scenario)) is None
    (tmp_path / "reclaimlab_plugins.py").write_text(FIX.format(name="here"))
    assert beside(str(scenario)) == tmp_path / "reclaimlab_plugins.py"
    assert beside("dd-usb-ext4") is None


def test_settings_are_written_into_the_environment_and_read_back(tmp_path: Path) -> None:
    settings = PluginSettings(
        dirs=(tmp_path, tmp_path / "b"), allowed=frozenset({"a", "b"}), denied=frozenset({"c"}),
        project=tmp_path / "reclaimlab_plugins.py",
    )  # fmt: skip
    written = {name: value for name, value in settings.as_environment().items() if value}
    assert PluginSettings.from_environment(written) == settings
    assert PluginSettings.from_environment({}) == PluginSettings()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ((1, 2), ApiRange((1, 2), (2, 0))),
        (">=1.2", ApiRange((1, 2), (2, 0))),
        (">=1.2,<3", ApiRange((1, 2), (3, 0))),
        (">=1, <1.5", ApiRange((1, 0), (1, 5))),
    ],
)
def test_an_api_range_is_a_pair_or_a_text(said: object, meant: ApiRange) -> None:
    assert api_range(said) == meant
    assert meant.low in meant
    assert meant.high not in meant


@pytest.mark.parametrize("said", ["", "1.2", "<2", ">=1.2,>=1.3", (1,), (1, "2"), 1.2, None])
def test_what_is_no_api_range_is_refused(said: object) -> None:
    with pytest.raises(ValueError, match="the rule is a pair"):
        api_range(said)
