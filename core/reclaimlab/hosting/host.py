"""The host: one plugin manager, one fresh instance of each policy, one hook table a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

from reclaimlab.errors import PolicyError
from reclaimlab.hosting import gate
from reclaimlab.hosting.spelling import misspelt, warn_of_deprecated
from reclaimlab.policy import hookspecs
from reclaimlab.policy.table import HookTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.hosting.catalog import Catalog
    from reclaimlab.hosting.contender import Contender, PolicyChoice
    from reclaimlab.policy import Policy
    from reclaimlab.policy.table import Guard


def build_table(
    contender: Contender,
    catalog: Catalog,
    *,
    recheck_every: int = 0,
    watch: Guard | None = None,
) -> HookTable:
    """Return the resolved hooks of ``contender``, with a fresh instance of every policy.

    With ``recheck_every`` the table asks again now and then whether pure answers are. ``watch``
    makes of each implementation the one that is called.

    Raises:
        ContenderError: a policy is not installed here.
        PolicyError: a policy cannot be made, or implements a hook that does not exist so.
    """
    foreign = frozenset(each.name for each in catalog.foreign(str(contender)))
    guard = gate.guard_of(foreign) if foreign else None
    return HookTable(
        build_manager(contender, catalog),
        recheck_every=recheck_every,
        guard=_both(guard, watch) if guard and watch else guard or watch,
    )


def _both(inner: Guard, outer: Guard) -> Guard:
    def guard(policy: str, hook: str, function: Callable[..., Any]) -> Callable[..., Any]:
        return outer(policy, hook, inner(policy, hook, function))

    return guard


def build_manager(contender: Contender, catalog: Catalog) -> pluggy.PluginManager:
    """Return a plugin manager with the kernel registered first, so that it is asked last."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for choice in contender.policies:
        register(manager, choice.name, _make(choice, catalog))
        _check_nobody_is_gone(manager, contender, choice)
    return manager


def _check_nobody_is_gone(
    manager: pluggy.PluginManager, contender: Contender, last: PolicyChoice
) -> None:
    made = contender.policies[: contender.policies.index(last) + 1]
    gone = [each.name for each in made if not manager.has_plugin(each.name)]
    if gone:
        raise PolicyError(last.name, "__init__", f"removes {', '.join(gone)}; a policy may not")


def register(manager: pluggy.PluginManager, name: str, policy: Policy) -> None:
    """Register one instance, and refuse what the hook table could not honour.

    Raises:
        PolicyError: an unknown hook or argument, or a wrapper.
    """
    try:
        manager.register(policy, name)
        manager.check_pending()
        warn_of_deprecated(name, policy)
    except pluggy.PluginValidationError as error:
        problem = next(misspelt(policy), str(error))
        raise PolicyError(name, "registration", problem) from error
    for caller in manager.get_hookcallers(policy) or ():
        for implementation in caller.get_hookimpls():
            if implementation.plugin is policy and (
                implementation.wrapper or implementation.hookwrapper
            ):
                raise PolicyError(
                    name, caller.name, "is a wrapper; a policy answers or returns None"
                )


def _make(choice: PolicyChoice, catalog: Catalog) -> Policy:
    policy = catalog.get(choice.name)
    try:
        made: Policy = gate.behind_gate("__init__", policy)(choice.parameters)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit() ends no run in silence
        raise PolicyError(
            choice.name, "__init__", f"raised {type(error).__name__}: {error}"
        ) from error
    return made
