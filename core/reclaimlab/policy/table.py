"""The hooks of one run, resolved: what the simulated kernel calls.

pluggy finds and checks the implementations; this table asks them. A pluggy call costs 2 to 5 us, a
plain call 0.1 us and a remembered answer 0.05 us, and reclaim asks once per page. So the
implementations are resolved once a run, in pluggy's own order, and pure answers are remembered. A
test shows that table and pluggy agree for every hook.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from reclaimlab.errors import PolicyError
from reclaimlab.policy import hookspecs
from reclaimlab.policy.contexts import Features, FilesystemFeatures
from reclaimlab.policy.decisions import (
    Action,
    DirtyDecision,
    DirtyThrottle,
    FlusherWakeup,
    OomAction,
    ScopeChange,
    Throttle,
    ThrottleKind,
    WritebackDecision,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pluggy

    from reclaimlab.policy.contexts import AllocationView, FilesystemView, ScopeView

_log = logging.getLogger(__name__)

_ANSWERS: dict[str, type[Any]] = {
    "describe_kernel": Features,
    "describe_filesystem": FilesystemFeatures,
    "enter_scope": ScopeChange,
    "derive_gfp": int,
    "decide_writeback_wait": WritebackDecision,
    "decide_dirty_folio": DirtyDecision,
    "throttle_after_batch": Throttle,
    "throttle_after_pass": Throttle,
    "decide_flusher_wakeup": FlusherWakeup,
    "decide_oom": OomAction,
    "throttle_dirty": DirtyThrottle,
}


def _check(policy: str, hook: str, answer: Any) -> Any:
    expected = _ANSWERS[hook]
    if not isinstance(answer, expected) or isinstance(answer, bool):
        raise PolicyError(
            policy, hook, f"answered {answer!r}; the rule is {expected.__name__} or None"
        )
    problem = _out_of_range(hook, answer)
    if problem:
        raise PolicyError(policy, hook, problem)
    return answer


def _out_of_range(hook: str, answer: Any) -> str:
    timeout = getattr(answer, "timeout_ns", None)
    if timeout is not None and (not isinstance(timeout, int) or timeout < 0):
        return f"answered a timeout of {timeout!r} ns; the rule is a whole number >= 0"
    if hook == "decide_writeback_wait" and answer.action not in (
        Action.KEEP,
        Action.ACTIVATE,
        Action.WAIT,
    ):
        return f"answered {answer.action!r}; the rule is keep, activate or wait"
    if hook == "decide_dirty_folio" and answer.action not in (
        Action.KEEP,
        Action.ACTIVATE,
        Action.PAGEOUT,
    ):
        return f"answered {answer.action!r}; the rule is keep, activate or pageout"
    if hook == "decide_flusher_wakeup" and answer.nr_pages < 0:
        return f"answered {answer.nr_pages} pages; the rule is >= 0"
    if hook.startswith("throttle_after") and not isinstance(answer.kind, ThrottleKind):
        return f"answered the kind {answer.kind!r}; the rule is a ThrottleKind"
    if hook == "enter_scope" and answer.set_flags & answer.clear_flags:
        return (
            f"sets and clears {answer.set_flags & answer.clear_flags:#x}; the rule is one of both"
        )
    if hook == "describe_filesystem" and answer.completion not in ("irq", "worker", "append"):
        return f"answered the completion {answer.completion!r}; the rule is irq, worker or append"
    return ""


class _Implementation:
    """One policy's answer to one hook, with the arguments it asked for."""

    __slots__ = ("call", "policy")

    def __init__(
        self,
        policy: str,
        hook: str,
        function: Callable[..., Any],
        wanted: tuple[str, ...],
        given: tuple[str, ...],
    ) -> None:
        self.policy = policy
        straight = wanted == given
        picks = tuple(given.index(name) for name in wanted)
        last: Any = None  # answers are immutable, so one that was checked need not be again

        def call(*arguments: Any) -> Any:
            nonlocal last
            try:
                answer = (
                    function(*arguments)
                    if straight
                    else function(*(arguments[index] for index in picks))
                )
            except (Exception, SystemExit) as error:  # sys.exit() ends no run in silence
                raise PolicyError(
                    policy, hook, f"raised {type(error).__name__}: {error}"
                ) from error
            if answer is None or answer is last:
                return answer
            last = _check(policy, hook, answer)
            return last

        self.call = call


def _remembered_by_context(ask: Callable[..., Any]) -> Callable[..., Any]:
    # Many subjects are asked about in a row in one context, and always with the same object. While
    # that lasts only the subject is looked up: to hash both costs twice as much.
    memos: dict[Any, dict[Any, Any]] = {}
    last: Any = None
    memo: dict[Any, Any] = {}

    def remembered(subject: Any, context: Any) -> Any:
        nonlocal last, memo
        if context is not last:
            memo = memos.setdefault(context, {})
            last = context
        try:
            return memo[subject]
        except KeyError:
            answer = memo[subject] = ask(subject, context)
            return answer

    return remembered


class HookTable:
    """The resolved hooks of one run.

    Every decision hook is a method of the same name and arguments as in hookspecs.py. Attributes:
        asked: how many questions were put to policies (remembered answers are not counted).

    With ``recheck_every`` a remembered answer is asked for again at every so many hits, and a
    policy whose pure answer has changed is refused: for debugging, and for tests.
    """

    def __init__(self, manager: pluggy.PluginManager, *, recheck_every: int = 0) -> None:
        self._manager = manager
        self._recheck_every = recheck_every
        self.asked = 0
        self._hooks = {name: self._resolve(name) for name in _ANSWERS}
        self.decide_writeback_wait = self._decision("decide_writeback_wait")
        self.decide_dirty_folio = self._decision("decide_dirty_folio")
        self.throttle_after_batch = self._decision("throttle_after_batch")
        self.throttle_after_pass = self._decision("throttle_after_pass")
        self.decide_flusher_wakeup = self._decision("decide_flusher_wakeup")
        self.decide_oom = self._decision("decide_oom")
        self.throttle_dirty = self._decision("throttle_dirty")
        self.describe_kernel = self._decision("describe_kernel")
        self._dropped: set[tuple[str, str]] = set()
        self._scopes: dict[ScopeView, ScopeChange] = {}
        self._masks: dict[AllocationView, int] = {}

    def _resolve(self, name: str) -> tuple[_Implementation, ...]:
        caller = getattr(self._manager.hook, name)
        given = tuple(caller.spec.argnames)
        # pluggy keeps the first to be asked last in the list.
        return tuple(
            _Implementation(impl.plugin_name, name, impl.function, tuple(impl.argnames), given)
            for impl in reversed(caller.get_hookimpls())
        )

    def _decision(self, name: str) -> Callable[..., Any]:
        calls = tuple(implementation.call for implementation in self._hooks[name])

        def ask(*arguments: Any) -> Any:
            self.asked += 1
            for call in calls:
                answer = call(*arguments)
                if answer is not None:
                    return answer
            raise PolicyError("(none)", name, "no policy answered; a kernel must answer every hook")

        if name not in hookspecs.PURE:
            return ask
        memo: dict[Any, Any] = {}
        if self._recheck_every:
            return self._rechecked(name, ask, memo)
        if len(getattr(self._manager.hook, name).spec.argnames) == 2:
            return _remembered_by_context(ask)

        def remembered(*arguments: Any) -> Any:
            try:
                return memo[arguments]
            except KeyError:
                answer = memo[arguments] = ask(*arguments)
                return answer

        return remembered

    def _rechecked(
        self, name: str, ask: Callable[..., Any], memo: dict[Any, Any]
    ) -> Callable[..., Any]:
        # The debug mode: every so many hits the question is put again.
        hits = 0

        def checked(*arguments: Any) -> Any:
            nonlocal hits
            if arguments not in memo:
                memo[arguments] = ask(*arguments)
                return memo[arguments]
            hits += 1
            if hits % self._recheck_every == 0:
                again = ask(*arguments)
                if again != memo[arguments]:
                    asked = ", ".join(each.policy for each in self._hooks[name])
                    problem = f"is pure, but answered {memo[arguments]!r} and then {again!r}"
                    raise PolicyError(asked, name, problem)
            return memo[arguments]

        return checked

    def describe_filesystem(self, filesystem: FilesystemView) -> FilesystemFeatures:
        """Ask ``describe_filesystem``; once a mount, so nothing is remembered."""
        answer: FilesystemFeatures = self._decision("describe_filesystem")(filesystem)
        return answer

    def enter_scope(self, scope: ScopeView) -> ScopeChange:
        """Return all changes combined: the kernel's first, a later fix over an earlier."""
        try:
            return self._scopes[scope]
        except KeyError:
            pass
        self.asked += 1
        flags_set = flags_clear = 0
        aop_nofs: bool | None = None
        for implementation in reversed(self._hooks["enter_scope"]):
            change = implementation.call(scope)
            if change is not None:
                flags_set = (flags_set | change.set_flags) & ~change.clear_flags
                flags_clear = (flags_clear | change.clear_flags) & ~change.set_flags
                aop_nofs = change.aop_nofs if change.aop_nofs is not None else aop_nofs
        combined = self._scopes[scope] = ScopeChange(flags_set, flags_clear, aop_nofs)
        return combined

    def derive_gfp(self, allocation: AllocationView) -> int:
        """Return the mask that every policy leaves standing."""
        try:
            return self._masks[allocation]
        except KeyError:
            pass
        self.asked += 1
        mask = allocation.gfp
        for implementation in self._hooks["derive_gfp"]:
            answer = implementation.call(allocation)
            if answer is None:
                continue
            if answer & ~allocation.gfp:
                raise PolicyError(
                    implementation.policy,
                    "derive_gfp",
                    f"added bits {answer & ~allocation.gfp:#x}; the rule is to clear only",
                )
            mask &= answer
        self._masks[allocation] = mask
        return mask

    def answers(self, hook: str, *arguments: Any) -> list[tuple[str, Any]]:
        """Return what each policy itself answers, in the order asked; nothing is remembered.

        Raises:
            PolicyError: a policy raised, or broke a rule of the seam.
        """
        return [(each.policy, each.call(*arguments)) for each in self._hooks[hook]]

    def notify(self, name: str, **arguments: Any) -> None:
        """Tell observers; one that raises is logged and not told again, and the run goes on."""
        caller = getattr(self._manager.hook, name)
        for implementation in reversed(caller.get_hookimpls()):
            observer = (implementation.plugin_name, name)
            if observer in self._dropped:
                continue
            try:
                implementation.function(*(arguments[each] for each in implementation.argnames))
            except Exception:
                self._dropped.add(observer)
                _log.exception("observer %s, hook %s raised; it is not told again", *observer)
