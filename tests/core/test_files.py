"""A file is there whole or not at all."""

from pathlib import Path

import pytest

from reclaimlab.files import write_whole


def test_what_cannot_be_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "report.txt"
    write_whole(file, b"first")

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as half:
            half.write(data[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(file, b"second")
    assert [each.name for each in tmp_path.iterdir()] == ["report.txt"]
    assert file.read_bytes() == b"first"


def test_a_link_is_written_through_and_a_device_into(tmp_path: Path) -> None:
    file, link = tmp_path / "report.txt", tmp_path / "link"
    link.symlink_to(file)
    write_whole(link, b"through")
    assert link.is_symlink()
    assert file.read_bytes() == b"through"
    write_whole(Path("/dev/null"), b"into")
    assert Path("/dev/null").is_char_device()
