"""One policy's answer to one hook: asked, and checked at the seam."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reclaimlab.errors import PolicyError
from reclaimlab.policy.answers import problem_of, surely_sound

if TYPE_CHECKING:
    from collections.abc import Callable


class Implementation:
    """One policy's answer to one hook, with the arguments it asked for.

    Attributes:
        policy: its name.
        call: asks it with all arguments of the hook.
    """

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
        ask = function if wanted == given else _picking(function, wanted, given)
        is_sound = surely_sound(hook)
        last: Any = None  # answers are immutable, so one that was checked need not be again

        def call(*arguments: Any) -> Any:
            nonlocal last
            try:
                answer = ask(*arguments)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # sys.exit() ends no run in silence
                raise PolicyError(
                    policy, hook, f"raised {type(error).__name__}: {error}"
                ) from error
            if answer is None or answer is last:
                return answer
            if not is_sound(answer) and (problem := problem_of(hook, answer)):
                raise PolicyError(policy, hook, problem)
            last = answer
            return answer

        self.call = call


def _picking(
    function: Callable[..., Any], wanted: tuple[str, ...], given: tuple[str, ...]
) -> Callable[..., Any]:
    # A policy names only the arguments that it wants, in any order.
    picks = tuple(given.index(name) for name in wanted)
    return lambda *arguments: function(*(arguments[index] for index in picks))
