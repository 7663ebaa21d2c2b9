"""What the wheel holds: all that is ours, and nothing else."""

import configparser
import inspect
import subprocess
import sys
import zipfile
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
PACKAGES = {
    "reclaimlab": TOP / "core/reclaimlab",
    "reclaimlab_fixes": TOP / "plugins/reclaimlab_fixes",
    "reclaimlab_gui": TOP / "gui/reclaimlab_gui",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """Build the wheel of the tree as it stands."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder)]
    built = subprocess.run([*command, str(TOP)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.Path(path)


@pytest.fixture
def names(wheel: zipfile.Path) -> set[str]:
    return set(wheel.root.namelist())


def files_below(folder: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if "__pycache__" not in path.parts)


def test_the_wheel_holds_the_three_packages_and_nothing_beside_them(names: set[str]) -> None:
    folders = {name.split("/")[0] for name in names}
    assert {name for name in folders if not name.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_holds_every_source_file(names: set[str]) -> None:
    sources = {
        path.relative_to(folder.parent).as_posix()
        for folder in PACKAGES.values()
        for path in files_below(folder)
        if path.suffix == ".py" or path.name == "py.typed"
    }
    assert sources - names == set()


@pytest.mark.parametrize("folder", ["library", "recordings"])
def test_the_wheel_holds_every_file_of_the_scenarios(names: set[str], folder: str) -> None:
    data = {
        path.relative_to(PACKAGES["reclaimlab"].parent).as_posix()
        for path in files_below(PACKAGES["reclaimlab"] / "scenarios" / folder)
    }
    assert data - names == set()


def test_the_wheel_holds_every_template_of_a_plugin(names: set[str]) -> None:
    templates = PACKAGES["reclaimlab"] / "hosting" / "templates"
    data = {
        path.relative_to(PACKAGES["reclaimlab"].parent).as_posix()
        for path in files_below(templates)
    }
    assert data
    assert data - names == set()


def test_every_policy_that_the_wheel_announces_is_a_class(wheel: zipfile.Path) -> None:
    (dist_info,) = (path for path in wheel.iterdir() if path.name.endswith(".dist-info"))
    announced = configparser.ConfigParser(delimiters="=")
    announced.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    announced.read_string((dist_info / "entry_points.txt").read_text())
    group = "reclaimlab.policies"
    policies = announced.items(group) if announced.has_section(group) else []
    loaded = {name: EntryPoint(name, value, group).load() for name, value in policies}
    assert {name for name, policy in loaded.items() if not inspect.isclass(policy)} == set()


def test_gitignore_names_no_file_of_ours() -> None:
    ours = [path for top in ("core", "plugins", "gui", "tests") for path in files_below(TOP / top)]
    asked = "\n".join(path.relative_to(TOP).as_posix() for path in ours)
    # --no-index: a file that was added by force is ignored by the build all the same.
    command = ["git", "check-ignore", "--no-index", "--stdin"]
    ignored = subprocess.run(
        command, cwd=TOP, input=asked, capture_output=True, text=True, check=False
    )
    assert (ignored.stdout, ignored.stderr) == ("", "")
