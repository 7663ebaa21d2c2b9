"""`plugin new` makes a project whose own tests pass at once, for every kind."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from reclaimlab.errors import ReclaimlabError
from reclaimlab.hosting.scaffold import make_project
from reclaimlab.hosting.sources import KINDS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_tests_of_a_new_project_pass_as_they_are(tmp_path: Path, kind: str) -> None:
    make_project("very-new", kind, tmp_path)
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        command, cwd=tmp_path / "very-new", capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " passed" in ran.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_project_announces_a_documented_class_of_its_kind(tmp_path: Path, kind: str) -> None:
    make_project("very-new", kind, tmp_path)
    project = tomllib.loads((tmp_path / "very-new" / "pyproject.toml").read_text())["project"]
    assert project["entry-points"][KINDS[kind]] == {"very-new": "very_new:VeryNew"}
    module = ast.parse((tmp_path / "very-new" / "src" / "very_new" / "__init__.py").read_text())
    classes = {each.name: each for each in module.body if isinstance(each, ast.ClassDef)}
    assert ast.get_docstring(classes["VeryNew"])


@pytest.mark.parametrize("kind", KINDS)
def test_no_template_leaves_a_mark_unfilled(tmp_path: Path, kind: str) -> None:
    for path in make_project("very-new", kind, tmp_path):
        text = path.read_text()
        assert "@name@" not in text
        assert "@module@" not in text
        assert "@class@" not in text


@pytest.mark.parametrize("name", ["Wait", "wait late", "class", "reclaimlab-x", "../up", "1st", ""])
def test_a_name_that_no_package_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReclaimlabError, match="is no name for a plugin"):
        make_project(name, "policy", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(ReclaimlabError, match="is there already"):
        make_project("mine", "policy", tmp_path)
