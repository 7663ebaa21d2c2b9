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
