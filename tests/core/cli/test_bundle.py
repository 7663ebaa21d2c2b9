"""``bundle``, ``open`` and ``runs verify FILE``: given away, read, and run again elsewhere."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Call = Callable[..., Result]
Rewrite = Callable[..., Path]


@pytest.fixture
def bundle(call: Call, tiny: Path, tmp_path: Path) -> Path:
    """Return a bundle of two runs."""
    arguments = ("-c", "linux-3.10", "-c", "linux-3.10+may-enter-fs", "--seeds", 1, "--jobs", 1)
    call("compare", tiny, *arguments, "-q")
    path = tmp_path / "x.zip"
    call("bundle", "latest", "-o", path)
    return path


@pytest.fixture
def rewrite(bundle: Path, tmp_path: Path) -> Rewrite:
    """Write the bundle again with some files changed, and others added."""

    def rewrite(**contents: bytes) -> Path:
        path = tmp_path / "changed.zip"
        with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(path, "w", 8) as new:
            files = {name: old.read(name) for name in old.namelist()}
            for name, data in (files | contents).items():
                new.writestr(name, data)
        return path

    return rewrite


def test_a_bundle_opens_where_no_store_is(call: Call, bundle: Path, db: Path) -> None:
    report = call("report", "latest").stdout
    db.unlink()
    opened = call("open", bundle)
    assert opened.stdout == report
    assert opened.stderr == ""


def test_a_bundle_runs_again_where_no_store_is(call: Call, bundle: Path, db: Path) -> None:
    db.unlink()
    result = call("runs", "verify", bundle, "--jobs", 1, "-q")
    assert result.stdout == "2 of 2 runs came out the same\n"


def test_the_same_comparison_gives_the_same_bundle(call: Call, bundle: Path) -> None:
    again = bundle.with_name("y.zip")
    call("bundle", "latest", "-o", again)
    assert again.read_bytes() == bundle.read_bytes()


def test_a_changed_result_is_found(call: Call, bundle: Path, rewrite: Rewrite) -> None:
    manifest = json.loads(zipfile.ZipFile(bundle).read("bundle.json"))
    manifest["runs"][0]["result_hash"] = "0" * 64
    path = rewrite(**{"bundle.json": json.dumps(manifest).encode()})
    result = call("runs", "verify", path, "--jobs", 1, "-q", code=1)
    assert "1 of 2 runs came out the same" in result.stdout


def test_the_source_that_differs_is_named_and_never_executed(
    call: Call, bundle: Path, rewrite: Rewrite, tmp_path: Path
) -> None:
    import hashlib

    trap = tmp_path / "executed"
    source = f"import pathlib; pathlib.Path({str(trap)!r}).touch()\n".encode()
    manifest = json.loads(zipfile.ZipFile(bundle).read("bundle.json"))
    manifest["policy_hashes"]["may-enter-fs"] = hashlib.sha256(source).hexdigest()
    changed = {"bundle.json": json.dumps(manifest).encode(), "policies/may-enter-fs.py": source}
    path = rewrite(**changed)
    assert "the source of policy may-enter-fs differs" in call("open", path).stderr
    assert "touch()" in call("open", path, "--policy", "may-enter-fs").stdout
    call("runs", "verify", path, "--jobs", 1, "-q")
    assert not trap.exists()


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil", "c:evil", "\\x"]
)
def test_a_path_out_of_the_bundle_is_refused(call: Call, rewrite: Rewrite, name: str) -> None:
    error = call("open", rewrite(**{name: b"x"}), code=2).stderr
    assert "names a file outside of itself" in error


def test_a_zip_bomb_is_refused_before_it_is_unpacked(call: Call, rewrite: Rewrite) -> None:
    error = call("open", rewrite(bomb=bytes(200 * 2**20)), code=2).stderr
    assert "would unpack to more than 128 MiB" in error


@pytest.mark.parametrize(
    "manifest", [b"", b"[]", b"{}", b'{"format": "reclaimlab bundle", "version": 2}', b"\xff" * 9]
)
def test_a_manifest_of_nonsense_is_one_error(
    call: Call, rewrite: Rewrite, manifest: bytes
) -> None:  # fmt: skip
    error = call("open", rewrite(**{"bundle.json": manifest}), code=2).stderr
    assert error.startswith("bundle ")


def test_a_damaged_file_is_one_error(call: Call, bundle: Path) -> None:
    data = bytearray(bundle.read_bytes())
    data[100:140] = bytes(40)
    bundle.write_bytes(data)
    assert "bundle" in call("open", bundle, code=2).stderr
    bundle.write_bytes(b"no zip")
    assert "cannot be read" in call("open", bundle, code=2).stderr


STRANGER = """
# /// reclaimlab
# name = "stranger"
# class = "Stranger"
# api = ">=1.0,<2"
# ///
from pathlib import Path
from reclaimlab.policy import Action, Policy, PolicyInfo, WritebackDecision, hookimpl

Path({trap!r}).touch()

class Stranger(Policy):
    info = PolicyInfo("stranger", "never waits", "nothing waits")

    @hookimpl
    def decide_writeback_wait(self, folio):
        return WritebackDecision(Action.KEEP)
"""


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Return the file that the stranger's policy makes when it is imported."""
    return tmp_path / "executed"


@pytest.fixture
def foreign_bundle(call: Call, tiny: Path, tmp_path: Path, trap: Path) -> Path:
    """Return a bundle with a policy that is not installed any more."""
    plugins, path = tmp_path / "plugins", tmp_path / "foreign.zip"
    plugins.mkdir()
    (plugins / "stranger.py").write_text(STRANGER.format(trap=str(trap)))
    given = ("--plugins-dir", plugins)
    contender = "linux-3.10+stranger"
    call(*given, "compare", tiny, "-c", contender, "--seeds", 1, "--jobs", 1, "-q")
    call(*given, "bundle", "latest", "-o", path)
    trap.unlink()
    return path


def test_a_policy_of_a_bundle_is_not_run_unasked(
    call: Call, foreign_bundle: Path, trap: Path
) -> None:
    call("open", foreign_bundle)
    result = call("runs", "verify", foreign_bundle, "--jobs", 1, "-q", code=1)
    assert "policy stranger is not installed" in result.stderr
    assert not trap.exists()


def test_a_policy_of_a_bundle_is_shown_and_asked_for_before_it_runs(
    call: Call, foreign_bundle: Path, trap: Path
) -> None:
    verify = ("runs", "verify", foreign_bundle, "--with-policies", "--jobs", 1, "-q")
    for answer in ("n\n", "\n"):
        refused = call(*verify, code=1, answer=answer)
        assert "class Stranger(Policy):" in refused.stderr
        assert "Run this code of policy stranger on this machine? [y/N]" in refused.stderr
        assert not trap.exists()
    assert call(*verify, answer="y\n").stdout == "1 of 1 runs came out the same\n"
    assert trap.exists()
