"""Every write of a comparison fails once, in each way that a disk has (`make soak`; needs cc).

faulty_disk.c stands between SQLite and the kernel. FAULT_STEP=10 tries each tenth write only.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reclaimlab.store.merge import merge_stores

Whole = Callable[[Path], int]
Outcome = tuple[str, int, Path, int, str]

HERE = Path(__file__).parent
STEP = int(os.environ.get("FAULT_STEP", "1"))
KINDS = ("ENOSPC", "EIO", "EROFS", "SHORT", "KILL")
KEPT = re.compile(r"(\d+) runs of comparison \w+ are kept in (.*): when there is room, `reclaimlab")
FINISHED = re.compile(r"^\d+/4 ", re.MULTILINE)


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("shim") / "faulty_disk.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(library)]
    subprocess.run([*command, str(HERE / "faulty_disk.c"), "-ldl"], check=True)
    return library


def outcomes(shim: Path, tiny: Path, folder: Path, faults: list[str]) -> Iterator[Outcome]:
    environment = os.environ | {
        "LD_PRELOAD": str(shim), "FAULT_COUNT": str(folder / "count"), "TMPDIR": str(folder)
    }  # fmt: skip
    command = [sys.executable, str(HERE / "faulty_disk.py"), str(tiny), str(folder), *faults]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            kind, at, store, code, said = json.loads(line)
            yield kind, at, Path(store), code, said
    assert process.returncode == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_any_write_is_told_and_loses_no_run(
    kind: str, shim: Path, tiny: Path, tmp_path: Path, whole_runs: Whole
) -> None:
    (sound,) = outcomes(shim, tiny, tmp_path, [f"{kind}:0"])
    assert sound[3] == 0
    writes = int((tmp_path / "count").read_text())
    faults = [f"{kind}:{at}" for at in range(1, writes + 1, STEP)]
    codes, rescued = Counter[int](), 0
    for _, at, store, code, said in outcomes(shim, tiny, tmp_path, faults):
        codes[code] += 1
        finished = len(FINISHED.findall(said))
        assert "Traceback" not in said, (at, said)
        before = whole_runs(store) if store.exists() else 0
        if code == -9:
            assert before in (finished, finished + 1), (at, said)
            continue
        last = said.splitlines()[-1]
        if code:
            assert code == 2, (at, said)
            assert last.startswith(f"store {store}: "), (at, said)
        kept = merge(store, last) if code else 0
        assert before + kept == finished, (at, said)
        assert not finished or whole_runs(store) == finished
        rescued += kept
    sys.stdout.write(f"{kind}: {writes} writes, exit codes {dict(codes)}, {rescued} runs rescued\n")
    assert set(codes) <= {0, -9 if kind == "KILL" else 2}
    assert len(codes) == 2 or kind == "KILL"
    assert bool(rescued) == (kind != "KILL")


def merge(store: Path, line: str) -> int:
    """Do what ``line`` says; return how many runs it was about."""
    found = KEPT.search(line)
    if found is None:
        return 0
    files = [Path(each) for each in found[2].split()]
    merge_stores(store, files)
    for file in files:
        shutil.rmtree(file.parent)
    return int(found[1])
