"""Whatever else asks others' policies (a look inside, a trace), in a process with limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reclaimlab.runs.apart_process import ApartProcess
from reclaimlab.runs.run import installed_policies, never

if TYPE_CHECKING:
    from reclaimlab.runs.apart_process import Work
    from reclaimlab.runs.limits import Limits
    from reclaimlab.runs.run import Stop


def call_apart(
    contender: str,
    work: Work,
    *arguments: Any,
    limits: Limits | None = None,
    stop: Stop | None = None,
) -> Any:
    """Return ``work(*arguments)``, computed here unless ``contender`` holds somebody else's policy.

    Then it is computed in a process of its own, to which function, arguments and result cross, so
    all must be picklable; the limits of one run hold. With a ``stop`` it always is: once that says
    so, the process is ended.

    Raises:
        PluginFailedError: the plugin raised, hung, or ended the process.
        ReclaimlabError: whatever else ``work`` raised of that kind.
        RunStoppedError: ``stop`` said so.
    """
    foreign = installed_policies().foreign(contender)
    if not foreign and stop is None:
        return work(*arguments)
    with ApartProcess(limits) as process:
        return process.call(work, *arguments, foreign=foreign, stop=stop or never)
