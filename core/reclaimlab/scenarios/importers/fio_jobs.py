"""fio's jobs, as its job files and its JSON output tell of them: options, sizes and times."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import RecordingError
from reclaimlab.scenarios.importers.lines import text_lines
from reclaimlab.units import GIB, KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MOST_JSON: Final = 256 << 20
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?$", re.IGNORECASE)
_TIME: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(us|usec|ms|msec|s|m|h|d|)$", re.IGNORECASE)
_SCALE: Final = {"": 1, "k": KIB, "m": MIB, "g": GIB, "t": KIB * GIB, "p": MIB * GIB}
_SECONDS: Final = {
    "us": 1e-6, "usec": 1e-6, "ms": 1e-3, "msec": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0,
    "d": 86400.0,
}  # fmt: skip
_ALIASES: Final = {
    "readwrite": "rw", "blocksize": "bs", "blocksize_range": "bsrange", "nrfiles": "files",
    "timeout": "runtime", "buffered": "buffered",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its options by their short names, and where they stand."""

    name: str
    options: Mapping[str, str]
    place: str
    result: Mapping[str, Any] = field(default_factory=dict)
    """What the JSON output measured of it; empty from a job file."""

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return an option that is on, alone or as 1, or off."""
        return self.options.get(name, "1" if default else "0").lower() not in ("0", "false")

    def count(self, name: str, default: int) -> int:
        """Return a whole number of at least 1."""
        said = self.options.get(name, str(default))
        if not said.isdigit() or int(said) < 1:
            raise self.fault(name, "is no number of 1 or more")
        return int(said)

    def size(self, name: str) -> int:
        """Return a size in bytes, of kilos of 1024; 0 if it is not given or is a percentage."""
        said = self.options.get(name, "")
        # bs=4k,64k is for reads and writes; the last is taken for writes.
        said = said.split(",")[1 if said.count(",") else 0].strip() or said.split(",")[0]
        if not said or said.endswith("%"):
            return 0
        match = _SIZE.match(said)
        if match is None:
            raise self.fault(name, "is no size, such as 4k")
        return round(float(match[1]) * _SCALE[match[2].lower()])

    def seconds(self, name: str, unit: str = "s") -> float:
        """Return a time; a bare number counts in ``unit``, 0 if it is not given."""
        match = _TIME.match(self.options.get(name, "0"))
        if match is None:
            raise self.fault(name, "is no time, such as 30s")
        return float(match[1]) * _SECONDS[match[2].lower() or unit]

    def fault(self, name: str, what: str) -> RecordingError:
        """Return the error that says what is wrong with an option."""
        return RecordingError(f"{self.place}: job {self.name}: {name}={self.options[name]} {what}")


def read_job_file(path: Path) -> list[Job]:
    """Return the jobs of an INI-like job file; each takes on what [global] said before it.

    Raises:
        RecordingError: it is no job file.
    """
    shared: dict[str, str] = {}
    sections: list[tuple[str, dict[str, str]]] = []
    current: dict[str, str] | None = None
    for number, raw in text_lines(path):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            name = line[1:-1].strip()
            current = shared if name == "global" else dict(shared)
            if current is not shared:
                sections.append((name, current))
        elif current is None:
            msg = f"{path}: line {number} is {line[:60]!r}; a job file begins with a [section]"
            raise RecordingError(msg)
        else:
            key, _, value = line.partition("=")
            current[_short(key)] = value.strip() or "1"
    if not sections:
        msg = f"{path}: has no job; a job is a [section] besides [global]"
        raise RecordingError(msg)
    return [Job(name, options, str(path)) for name, options in sections]


def read_json(path: Path) -> tuple[list[Job], list[Mapping[str, Any]]]:
    """Return the jobs of fio's JSON output with their results, and the use of the disks.

    Raises:
        RecordingError: it is cut short, or JSON of another program.
    """
    if path.stat().st_size > _MOST_JSON:
        msg = f"{path}: is over {_MOST_JSON >> 20} MiB; fio's JSON output is smaller"
        raise RecordingError(msg)
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        # With --output to the terminal, messages stand before it.
        data = json.loads(text[text.index("{") :])
        found = [_job(path, entry, data.get("global options", {})) for entry in data["jobs"]]
    except (ValueError, RecursionError) as error:
        msg = f"{path}: is no whole JSON: {error}"
        raise RecordingError(msg) from None
    except (KeyError, TypeError, AttributeError):
        msg = f"{path}: is JSON, and not fio's: no jobs with their options"
        raise RecordingError(msg) from None
    if not found:
        msg = f"{path}: has no job"
        raise RecordingError(msg)
    disks = data.get("disk_util")
    return found, disks if isinstance(disks, list) else []


def _job(path: Path, entry: Mapping[str, Any], shared: Mapping[str, str]) -> Job:
    options = {_short(key): str(value) for key, value in {**shared, **entry["job options"]}.items()}
    return Job(str(entry["jobname"]), options, str(path), entry)


def _short(key: str) -> str:
    key = key.strip().lower()
    return _ALIASES.get(key, key)
