"""A plugin that ruins its process is named by the executors of sweeps too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reclaimlab.runs.compare import make_plan
from reclaimlab.runs.executors.inline import InlineExecutor
from reclaimlab.runs.executors.processes import ProcessExecutor
from reclaimlab.scenarios.reader import load_scenario

if TYPE_CHECKING:
    from reclaimlab.runs.executors import Executor

HERE = Path(__file__).parent
SAID = {
    "exits-hard": "plugin exits-hard (in enter_scope, exits_hard.py:",
    "loops-for-ever": "plugin loops-for-ever (in describe_kernel, loops_for_ever.py:",
    "patches-the-engine": "changes reclaimlab.kernel.vmscan.shrink_zone",
    "throws-dice": "calls random.choice()",
}


@pytest.mark.slow
@pytest.mark.parametrize("executor", [InlineExecutor, lambda: ProcessExecutor(2)])
def test_each_is_named_and_the_others_come_through(
    executor: type[Executor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(HERE / "hostile"))
    monkeypatch.setenv("RECLAIMLAB_LIMITS", "stuck=3s")
    tiny = load_scenario(str(HERE.parent / "core" / "tiny.toml"))
    contenders = ["linux-3.10", *(f"linux-3.10+{name}" for name in SAID), "linux-4.2"]
    with executor() as place:
        ended = {
            each.record.contender: each.record
            for each in place.run(make_plan(tiny, contenders, [1]).requests)
        }
    assert ended["linux-3.10"].result is not None
    assert ended["linux-4.2"].result is not None
    for name, said in SAID.items():
        assert said in ended[f"linux-3.10+{name}"].error
