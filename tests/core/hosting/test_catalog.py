"""The catalog finds policies by entry point, imports late, and survives broken ones."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from reclaimlab.errors import ContenderError
from reclaimlab.hosting.catalog import GROUP, OURS, Catalog, Source
from reclaimlab.policy import API_VERSION, Policy, PolicyInfo

TOP = Path(__file__).resolve().parents[3]


class Good(Policy):
    """A fix."""

    info = PolicyInfo("good", "good", "good")


class Tomorrow(Policy):
    """A fix of the future."""

    info = PolicyInfo("tomorrow", "t", "t", api=(API_VERSION[0] + 1, 0))


class Misnamed(Policy):
    """A fix with another name than its entry point's."""

    info = PolicyInfo("misnamed", "m", "m")


def source(name: str, value: str, distribution: str = "third-party") -> Source:
    return Source(name, value, distribution, "0.1")


BROKEN = Catalog(
    [
        Source("good", "here:Good", "third-party", "0.1", Good),
        Source("tomorrow", "here:Tomorrow", "third-party", "0.1", Tomorrow),
        Source("nom-de-plume", "here:Misnamed", "third-party", "0.1", Misnamed),
        source("absent", "no_such_module_anywhere:Fix"),
        source("no-class", "reclaimlab.units:Fix"),
        source("no-policy", "reclaimlab.units:pages"),
    ]
)


def test_our_policies_are_the_entry_points_of_pyproject() -> None:
    declared = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["entry-points"][GROUP]
    ours = Catalog.discover().of_distribution(OURS)
    assert {entry.name: entry.module for entry in ours.entries} == declared
    assert {entry.state for entry in ours.entries} == {"loaded"}
    assert {entry.api for entry in ours.entries} == {API_VERSION}


def test_one_broken_entry_does_not_stop_the_rest() -> None:
    states = {entry.name: (entry.state, entry.error) for entry in BROKEN.entries}
    assert states["good"] == ("loaded", "")
    assert states["absent"][0] == "failed"
    assert "ModuleNotFoundError" in states["absent"][1]
    assert "AttributeError" in states["no-class"][1]
    assert "is not a subclass of reclaimlab.policy.Policy" in states["no-policy"][1]
    assert "info.name is 'misnamed'" in states["nom-de-plume"][1]
    assert list(BROKEN.policies) == ["good"]


def test_a_policy_of_another_api_is_incompatible_and_not_failed() -> None:
    entry = next(each for each in BROKEN.entries if each.name == "tomorrow")
    assert (entry.state, entry.api) == ("incompatible", (2, 0))
    assert entry.error == "written for plugin API 2.0; this is 1.0"


def test_a_broken_policy_says_why_when_it_is_asked_for() -> None:
    with pytest.raises(ContenderError, match=r"policy absent \(no_such_module_anywhere:Fix\)"):
        BROKEN.get("absent")


def test_an_unknown_name_offers_the_near_one_and_lists_all() -> None:
    with pytest.raises(ContenderError) as caught:
        Catalog.discover().get("may-entre-fs")
    text = str(caught.value)
    assert text.startswith("unknown policy 'may-entre-fs'; did you mean 'may-enter-fs'?")
    assert "congestion-wait, exempt-kthreads" in text


def test_nobody_takes_over_a_name_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        Source("good", "evil:Good", "a-third-party", "9"),
        Source("good", "ours:Good", OURS, "1", Good),
        Source("good", "late:Good", "z-third-party", "9"),
    ]
    monkeypatch.setattr("reclaimlab.hosting.sources._installed", lambda kind: found)
    catalog = Catalog.discover()
    assert catalog.get("good") is Good
    assert [(each.distribution, each.state, each.error) for each in catalog.entries] == [
        ("a-third-party", "failed", "the name is taken by reclaimlab"),
        ("reclaimlab", "loaded", ""),
        ("z-third-party", "failed", "the name is taken by reclaimlab"),
    ]


def test_only_the_policies_that_are_named_are_imported() -> None:
    code = (
        "import sys\n"
        "from reclaimlab.hosting.catalog import Catalog\n"
        "from reclaimlab.hosting.contender import parse_contender\n"
        "parse_contender('linux-3.5+may-enter-fs', Catalog.discover())\n"
        "print(*sorted(each for each in sys.modules if each.startswith('reclaimlab_fixes.')))\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert shown == [
        "reclaimlab_fixes.kernels",
        "reclaimlab_fixes.kernels.linux_3_5",
        "reclaimlab_fixes.may_enter_fs",
    ]
