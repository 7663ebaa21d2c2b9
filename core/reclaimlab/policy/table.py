"""The hooks of one run, resolved: what the simulated kernel calls.

pluggy finds and checks the implementations; this table asks them. A pluggy call costs 2 to 5 us, a
plain call 0.1 us and a remembered answer 0.05 us, and reclaim asks once per page. So the
implementations are resolved once a run, in pluggy's own order, and pure answers are remembered. A
test shows that table and pluggy agree for every hook.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reclaimlab.errors import PolicyError
from reclaimlab.policy import hookspecs
from reclaimlab.policy.answers import ANSWERS
from reclaimlab.policy.decisions import ScopeChange
from reclaimlab.policy.implementation import Implementation
from reclaimlab.policy.observers import Observers

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pluggy

    from reclaimlab.policy.contexts import (
        AllocationView,
        FilesystemFeatures,
        FilesystemView,
        ScopeView,
    )

Guard = Callable[[str, str, Callable[..., Any]], Callable[..., Any]]
"""Policy, hook and function -> a function that asks the same under guard."""


Memo = dict[Any, Any]


def _remembered_by_context(
    ask: Callable[..., Any], memos: dict[Any, Memo]
) -> Callable[[Any, Any], Any]:
    # Many subjects are asked about in a row in one context, and always with the same object. While
    # that lasts only the subject is looked up: to hash both costs twice as much.
    last: Any = None
    memo: Memo = {}

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

    def __init__(
        self,
        manager: pluggy.PluginManager,
        *,
        recheck_every: int = 0,
        guard: Guard | None = None,
    ) -> None:
        self._manager = manager
        self._guard = guard
        self._memos: dict[str, Memo] = {}
        self._memos_by_context: dict[str, dict[Any, Memo]] = {}
        self._recheck_every = recheck_every
        self.rules: dict[Any, Any] = {}
        """For the kernel: by situation, the answers that it keeps closer at hand."""
        self.asked = 0
        self._hooks = {name: self._resolve(name) for name in ANSWERS}
        self.decide_writeback_wait = self._decision("decide_writeback_wait")
        self.decide_dirty_folio = self._decision("decide_dirty_folio")
        self.throttle_after_batch = self._decision("throttle_after_batch")
        self.throttle_after_pass = self._decision("throttle_after_pass")
        self.decide_flusher_wakeup = self._decision("decide_flusher_wakeup")
        self.decide_oom = self._decision("decide_oom")
        self.throttle_dirty = self._decision("throttle_dirty")
        self.describe_kernel = self._decision("describe_kernel")
        self._observers = Observers(manager, self._guarded)
        self.watches_pages = bool(manager.hook.page_written.get_hookimpls())
        """Whether anybody is to be told of ``page_written``, of which there are the most by far."""
        self._scopes: dict[ScopeView, ScopeChange] = {}
        self._masks: dict[AllocationView, int] = {}

    def _resolve(self, name: str) -> tuple[Implementation, ...]:
        caller = getattr(self._manager.hook, name)
        given = tuple(caller.spec.argnames)
        # pluggy keeps the first to be asked last in the list.
        return tuple(
            Implementation(
                impl.plugin_name,
                name,
                self._guarded(impl.plugin_name, name, impl.function),
                tuple(impl.argnames),
                given,
            )
            for impl in reversed(caller.get_hookimpls())
        )

    def _guarded(self, policy: str, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        return self._guard(policy, name, function) if self._guard else function

    @property
    def rechecks(self) -> bool:
        """Whether remembered answers are asked for again now and then."""
        return self._recheck_every > 0

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
        if len(getattr(self._manager.hook, name).spec.argnames) == 2 and not self._recheck_every:
            return _remembered_by_context(ask, self._memos_by_context.setdefault(name, {}))
        memo = self._memos.setdefault(name, {})
        if self._recheck_every:
            return self._rechecked(name, ask, memo)

        def remembered(*arguments: Any) -> Any:
            try:
                return memo[arguments]
            except KeyError:
                answer = memo[arguments] = ask(*arguments)
                return answer

        return remembered

    def _rechecked(self, name: str, ask: Callable[..., Any], memo: Memo) -> Callable[..., Any]:
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
                    raise self._fickle(name, memo[arguments], again)
            return memo[arguments]

        return checked

    def _fickle(self, name: str, once: Any, again: Any) -> PolicyError:
        asked = ", ".join(each.policy for each in self._hooks[name])
        return PolicyError(asked, name, f"is pure, but answered {once!r} and then {again!r}")

    def recheck(self) -> None:
        """Ask every remembered question once more: a pure hook answers as it did.

        Raises:
            PolicyError: an answer has changed, so the run cannot be made again.
        """
        for name, arguments, answer in self._remembered():
            again = self._answer(name, arguments)
            if again != answer:
                raise self._fickle(name, answer, again)

    def _answer(self, name: str, arguments: tuple[Any, ...]) -> Any:
        if name == "enter_scope":
            return self._combined_scope(*arguments)
        if name == "derive_gfp":
            return self._combined_mask(*arguments)
        calls = (each.call(*arguments) for each in self._hooks[name])
        return next((answer for answer in calls if answer is not None), None)

    def _remembered(self) -> Iterator[tuple[str, tuple[Any, ...], Any]]:
        yield from (("enter_scope", (scope,), change) for scope, change in self._scopes.items())
        yield from (("derive_gfp", (view,), mask) for view, mask in self._masks.items())
        for name, memo in self._memos.items():
            for arguments, answer in memo.items():
                yield name, arguments, answer
        for name, memos in self._memos_by_context.items():
            for context, memo in memos.items():
                for subject, answer in memo.items():
                    yield name, (subject, context), answer

    def describe_filesystem(self, filesystem: FilesystemView) -> FilesystemFeatures:
        """Ask ``describe_filesystem``; once a mount, so nothing is remembered."""
        answer: FilesystemFeatures = self._decision("describe_filesystem")(filesystem)
        return answer

    def enter_scope(self, scope: ScopeView) -> ScopeChange:
        """Return all changes combined: the kernel's first, a later fix over an earlier."""
        try:
            return self._scopes[scope]
        except KeyError:
            self.asked += 1
            change = self._scopes[scope] = self._combined_scope(scope)
            return change

    def _combined_scope(self, scope: ScopeView) -> ScopeChange:
        flags_set = flags_clear = 0
        aop_nofs: bool | None = None
        for implementation in reversed(self._hooks["enter_scope"]):
            change = implementation.call(scope)
            if change is not None:
                flags_set = (flags_set | change.set_flags) & ~change.clear_flags
                flags_clear = (flags_clear | change.clear_flags) & ~change.set_flags
                aop_nofs = change.aop_nofs if change.aop_nofs is not None else aop_nofs
        return ScopeChange(flags_set, flags_clear, aop_nofs)

    def derive_gfp(self, allocation: AllocationView) -> int:
        """Return the mask that every policy leaves standing."""
        try:
            return self._masks[allocation]
        except KeyError:
            self.asked += 1
            mask = self._masks[allocation] = self._combined_mask(allocation)
            return mask

    def _combined_mask(self, allocation: AllocationView) -> int:
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
        return mask

    def answers(self, hook: str, *arguments: Any) -> list[tuple[str, Any]]:
        """Return what each policy itself answers, in the order asked; nothing is remembered.

        Raises:
            PolicyError: a policy raised, or broke a rule of the seam.
        """
        return [(each.policy, each.call(*arguments)) for each in self._hooks[hook]]

    def implementation(self, hook: str) -> Callable[..., Any] | None:
        """Return what asks the policy that is asked first; None if no policy implements it."""
        found = self._hooks[hook]
        return found[0].call if found else None

    def notify(self, name: str, **arguments: Any) -> None:
        """Tell observers; one that raises is logged and not told again, and the run goes on."""
        self._observers.tell(name, arguments)
