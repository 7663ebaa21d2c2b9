"""What comes along: the lock file of CI, and the licences that README.md lists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from reclaimlab.reports.readme import block_of
from tests.tools.licences import EXTRAS, licences

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements-ci.lock").read_text()
LOCKED = dict(re.findall(r"^([a-z0-9-]+)==([^ ]+) \\$", LOCK, re.MULTILINE))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ALLOWED = re.compile(
    r"MIT|BSD|Apache-2.0|PSF|Public Domain|LGPL-3.0-only|MPL|ISC|Zlib|0BSD|CC0-1.0"
)


def name_of(requirement: Requirement) -> str:
    return re.sub(r"[-_.]+", "-", requirement.name).lower()


def test_the_lock_is_within_the_ranges_and_has_a_hash_for_each_file() -> None:
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *extras["gui"], *extras["dev"]]
    lines += [line for name in EXTRAS for line in extras[name]]
    known = [each for each in map(Requirement, lines) if name_of(each) in LOCKED]
    assert [str(each) for each in known if LOCKED[name_of(each)] not in each.specifier] == []
    core = {name_of(Requirement(line)) for line in PROJECT["dependencies"]}
    assert core <= set(LOCKED)
    blocks = re.split(r"^(?=[a-z0-9-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(LOCKED) > 60
    assert [block[:40] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_lock_names_no_place_to_download_from() -> None:
    assert not re.search(r"https?://|--index-url|--find-links|file:", LOCK)


def test_every_range_ends_below_the_next_major_version_or_says_why_not() -> None:
    for requirement in map(Requirement, PROJECT["dependencies"]):
        assert re.search(r"<\d", str(requirement.specifier)), requirement


def test_every_licence_is_listed_and_lets_the_package_be_given_away() -> None:
    listed = block_of((ROOT / "README.md").read_text(), "licences")
    assert listed is not None
    for name, licence in licences().items():
        assert re.search(rf"[ ,]{re.escape(name)}[ ,]", listed), f"{name}: {REFRESH}"
        assert ALLOWED.search(licence), (name, licence)


REFRESH = "run: python -m tests.tools.licences"
