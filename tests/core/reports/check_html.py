"""The HTML report in a real Chromium, with axe-core; `make test-html` runs it, and fails without.

CHROMIUM is the browser, NODE_MODULES holds axe-core and puppeteer-core, PICTURES is where pictures
of each report go, to be looked at.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reclaimlab.policy.extensions import Table, Verbatim
from reclaimlab.reports.evidence import Evidence, read_evidence
from reclaimlab.reports.formats import render
from reclaimlab.runs.compare import compare, make_plan
from reclaimlab.runs.sections import Section
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.writer import StoreWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.runs.comparison import Comparison

    Make = Callable[..., Comparison]

SCRIPT = Path(__file__).parents[2] / "tools" / "look_at_html.mjs"
PICTURES = Path(os.environ["PICTURES"])
HOSTILE = (
    "<img src=x onerror=alert(1)>\"'><script>alert(2)</script> javascript:alert(3) \u202e\n=1+1"
)


def of_a_real_comparison(folder: Path) -> str:
    """The posted hang against three others, with all that a stored comparison has."""
    scenario = load_scenario("xfs-softlimit-hang", ("duration=10s",))
    contenders = ["linux-3.10", "linux-3.10+may-enter-fs", "linux-3.10+congestion-wait"]
    with StoreWriter(folder / "runs.sqlite") as writer:
        found = compare(make_plan(scenario, contenders, [1, 2, 3]), writer, jobs=2)
        writer.add_tag(found.id, "hang")
        writer.add_note(found.id, "looked at in a browser")
    with StoreReader(folder / "runs.sqlite") as reader:
        return render(found, "html", read_evidence(reader, found))


def of_hostile_names(make: Make) -> str:
    """Markup, scripts and formulas in every name that a user or a plugin can choose."""
    comparison = make("linux-3.10", HOSTILE, title=HOSTILE)
    blocks = (HOSTILE, Table((HOSTILE,), ((HOSTILE,),)), Verbatim(HOSTILE))
    sections = (Section("x", HOSTILE, HOSTILE, blocks, HOSTILE),)
    return render(comparison, "html", Evidence("", {}, (HOSTILE,), (HOSTILE,), sections))


@pytest.fixture(scope="module")
def seen(make: Make, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("html")
    PICTURES.mkdir(parents=True, exist_ok=True)
    files = {"real": of_a_real_comparison(folder), "hostile": of_hostile_names(make)}
    for name, text in files.items():
        (folder / f"{name}.html").write_text(text)
    chromium, modules = os.environ["CHROMIUM"], os.environ["NODE_MODULES"]
    paths = [str(folder / f"{name}.html") for name in files]
    ran = subprocess.run(
        ["node", str(SCRIPT), chromium, modules, str(PICTURES), *paths],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_no_report_asks_the_network_or_the_console_for_anything(seen: Any) -> None:
    assert [(each["requests"], each["errors"]) for each in seen] == [([], []), ([], [])]


def test_axe_finds_no_serious_violation_in_light_or_dark(seen: Any) -> None:
    assert all(rules > 15 for each in seen for rules in each["held"])  # it has looked
    found = [violation for each in seen for violation in each["violations"]]
    for violation in found:
        sys.stdout.write(f"{json.dumps(violation, indent=1)}\n")
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []


def test_every_sort_button_sorts_both_ways(seen: Any) -> None:
    assert [each["unsorted"] for each in seen] == [[], []]
