"""How properties are searched, how tests share the processes of `pytest -n 2`, and options."""

from collections.abc import Iterable, Iterator
from multiprocessing import forkserver
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import settings

# A test that fails on one machine must fail on all: no random examples and no deadline.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("soak", max_examples=2000, deadline=None)
settings.load_profile("repeatable")

ONE_PROCESS = {
    "core/record": "one kernel, whose trace is switched on and off",
    "gui": "one window at a time: some wait a few seconds for it",
    "third_party": "one environment with wheels",
}
"""Folder -> why one process has all its tests."""
ONE_PROCESS_A_FILE = {
    "acceptance": "runs of seconds, kept from one test to the next",
    "core/explore": "searches, kept from one test to the next",
    "core/machine/test_timeline.py": "one timeline of a hang",
    "core/reports/test_traces.py": "one timeline of a hang, and its files",
    "core/validate": "runs against recordings, kept from one test to the next",
    "plugins/test_hostile.py": "one check of every hostile plugin",
    "test_packaging.py": "one wheel",
}
"""Folder or file -> why the tests of each file stay together."""
UNTRACED = (
    "acceptance",
    "core/cli/test_validate.py",
    "core/machine/test_timeline.py",
    "core/reports/test_traces.py",
    "core/stats/test_calibration.py",
    "core/validate",
    "test_readme.py",
)
"""Whole runs, six times as long when each line is counted: coverage is that of the other tests."""


FOLLOWED = (
    "core/conformance",
    "core/explore/test_command.py",
    "core/explore/test_faults.py",
    "core/explore/test_third_parties.py",
    "core/explore/test_walks.py",
    "core/record",
)
"""Where what is tested runs in processes of its own: coverage follows those."""


@pytest.fixture(autouse=True, scope="module")
def followed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have coverage begin in the processes that a module starts, if coverage is measured at all."""
    if not (request.config.getoption("--cov", None) and _is_in(request.node.nodeid, FOLLOWED)):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COVERAGE_PROCESS_START", str(Path(__file__).with_name("children.coveragerc")))
        patch.setenv("RECLAIMLAB_TOP", str(Path(__file__).parents[1]))
        # The server of processes keeps its environment: one that was there before is not followed.
        forkserver._forkserver._stop()  # type: ignore[attr-defined]  # no other way to end it
        yield
        forkserver._forkserver._stop()  # type: ignore[attr-defined]  # nor is one needed after


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if _is_in(item.nodeid, UNTRACED):
            item.add_marker(pytest.mark.no_cover)
    if hasattr(config, "workerinput"):  # one of the processes of `pytest -n`
        # A long test that comes last would leave the other process with nothing to do.
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share tests out by what they share; marks of groups come to nothing with pytest 9.2."""
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):  # type: ignore[misc]  # a class without types
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return Groups(config, log)


def group_of(nodeid: str) -> str:
    """Return the name of the tests that this one is kept together with; its own if with none."""
    for folder in ONE_PROCESS:
        if _is_in(nodeid, (folder,)):
            return folder
    return nodeid.partition("::")[0] if _is_in(nodeid, ONE_PROCESS_A_FILE) else nodeid


def _is_in(nodeid: str, places: Iterable[str]) -> bool:
    path = PurePosixPath(nodeid.partition("::")[0])
    return any(path.is_relative_to(PurePosixPath("tests") / place) for place in places)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--refresh-golden",
        action="store_true",
        help="write what the runs of tests/golden come to now, instead of comparing with it",
    )
