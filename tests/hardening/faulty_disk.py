"""Comparisons on a disk that fails at a given write, each in a fork of this process.

``faulty_disk.py SCENARIO FOLDER KIND:N...``, under faulty_disk.c, prints a JSON list for each.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from reclaimlab.cli import compare, main
from reclaimlab.runs.run import installed_policies


def faulty(scenario: str, store: Path, kind: str, at: str) -> tuple[int, str]:
    """Return the exit status of a comparison and what it said on stderr."""
    log = store.with_suffix(".log")
    child = os.fork()
    if not child:
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.environ |= {"FAULT_FILE": store.name, "FAULT_AT": at, "FAULT_KIND": kind}
        sys.argv[1:] = ["compare", scenario, "-c", "linux-3.10", "-c", "linux-3.5"]
        sys.argv += ["--seeds", "2", "--jobs", "1", "--db", str(store)]
        main()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), log.read_text()


if __name__ == "__main__":
    assert compare.command.name == "compare"  # all is imported before the first fork
    assert installed_policies().policies
    for fault in sys.argv[3:]:
        kind, at = fault.split(":")
        store = Path(sys.argv[2], f"{kind}-{at}-faulty.sqlite")
        code, said = faulty(sys.argv[1], store, kind, at)
        sys.stdout.write(json.dumps([kind, int(at), str(store), code, said]) + "\n")
        sys.stdout.flush()
