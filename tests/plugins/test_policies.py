"""What holds for every policy that comes with reclaimlab: its form, its name, its conformance."""

from __future__ import annotations

import inspect
import re
import sys

import pytest

from reclaimlab.hosting.catalog import OURS, Catalog
from reclaimlab.hosting.conformance import check_policy
from reclaimlab.policy import Policy

POLICIES = Catalog.discover().of_distribution(OURS).policies
FIXES = {name: each for name, each in POLICIES.items() if each.info.kind == "fix"}
HEADS = ("Problem", "Change", "References", "Expected gain", "Expected cost")
ROWS = {
    "linux-3.5": "F0", "wait-may-enter-fs": "F1", "linux-3.10": "F2", "km-noio": "F3",
    "memalloc-noio": "F3b", "pf-fstrans": "F4", "unlocked-write-begin": "F5", "may-enter-fs": "F6",
    "wait-after-batch": "F7, F7b", "congestion-wait": "F8, F8b", "timed-page-wait": "F9",
    "exempt-kthreads": "F10", "nofs-scope": "F11", "memcg-dirty-throttle": "F12",
    "reclaim-throttle": "F13", "unlock-before-wait": "F14",
}  # fmt: skip


def module_of(policy: type[Policy]) -> str:
    return inspect.getdoc(sys.modules[policy.__module__]) or ""


def test_every_row_of_the_table_of_fixes_has_its_policy() -> None:
    assert {name: each.info.row for name, each in POLICIES.items() if each.info.row} == ROWS
    later_kernels = {"linux-3.11", "linux-4.2", "linux-6.1", "linux-6.18"}
    assert set(POLICIES) == set(ROWS) | later_kernels
    assert {each.info.kind for name, each in POLICIES.items() if "linux" in name} == {"kernel"}


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_conforms(name: str) -> None:
    assert check_policy(POLICIES[name]) == ()


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_names_its_sources(name: str) -> None:
    references = POLICIES[name].info.references
    assert references
    source = re.compile(r'^[0-9a-f]{12} \(".+"\)|^\S+@\S+$')
    assert all(source.match(each) for each in references), references


@pytest.mark.parametrize("name", FIXES)
def test_a_fix_opens_with_the_idea_in_ten_lines(name: str) -> None:
    title, _, idea = module_of(FIXES[name]).partition("\n\n")
    assert title.startswith(f"{name}: ")
    assert title.endswith(".")
    assert "\n" not in title
    heads = re.findall(r"^(\S[^:\n]*): ", idea, re.MULTILINE)
    assert tuple(heads) == HEADS
    assert len(idea.splitlines()) <= 10


@pytest.mark.parametrize("name", FIXES)
def test_a_fix_is_one_class_in_the_file_of_its_name(name: str) -> None:
    module = sys.modules[FIXES[name].__module__]
    assert module.__name__ == f"reclaimlab_fixes.{name.replace('-', '_')}"
    classes = inspect.getmembers(module, inspect.isclass)
    ours = [each for _, each in classes if issubclass(each, Policy) and each is not Policy]
    assert ours == [FIXES[name]]


@pytest.mark.parametrize("name", POLICIES)
def test_a_commit_is_cited_by_twelve_digits(name: str) -> None:
    source = inspect.getsource(sys.modules[POLICIES[name].__module__])
    for digits in re.findall(r"(?<![\w.@-])[0-9a-f]{7,40}(?![\w.@-])", source):
        assert len(digits) == 12 or digits.isdigit(), digits
