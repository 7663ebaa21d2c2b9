"""Every command explains itself, and starting costs little."""

import subprocess
import sys
from collections.abc import Callable

import click
import pytest
from click.testing import Result

from reclaimlab.cli import COMMANDS, cli
from reclaimlab.cli.plugin import COMMANDS as PLUGIN
from reclaimlab.cli.runs import COMMANDS as RUNS

Call = Callable[..., Result]

EVERY = [
    (),
    *((name,) for name in COMMANDS),
    *(("runs", name) for name in RUNS),
    *(("plugin", name) for name in PLUGIN),
]


def find(path: tuple[str, ...]) -> click.Command:
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return command


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_the_help_has_an_example_that_names_the_command(call: Call, path: tuple[str, ...]) -> None:
    text = call(*path, "--help").stdout
    assert "\n  Example:\n    reclaimlab " in text
    assert " ".join(("reclaimlab", *path)) in text.partition("Example:")[2]


@pytest.mark.parametrize("path", EVERY[1:], ids=" ".join)
def test_the_help_of_the_group_is_the_first_line_of_the_commands(path: tuple[str, ...]) -> None:
    table = {"runs": RUNS, "plugin": PLUGIN}[path[0]] if len(path) == 2 else COMMANDS
    help_text = find(path).help
    assert help_text is not None
    assert help_text.splitlines()[0] == table[path[-1]]


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    options = [each for each in find(path).params if isinstance(each, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize(
    "path",
    [
        ("policies",), ("scenarios",), ("plugins",), ("run",), ("compare",), ("runs", "list"),
        ("runs", "show"), ("runs", "verify"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_command_that_prints_results_can_print_json(path: tuple[str, ...]) -> None:
    assert "as_json" in {each.name for each in find(path).params}


def test_the_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from reclaimlab.cli import cli\n"
        "cli(['--help'], standalone_mode=False)\n"
        "heavy = {'pydantic', 'sqlite_utils', 'sqlite3', 'rich', 'pluggy', 'multiprocessing'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "compare" in ran.stdout


def test_python_dash_m_is_the_same_command() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "reclaimlab", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.startswith("reclaimlab, version 0.1.0")
