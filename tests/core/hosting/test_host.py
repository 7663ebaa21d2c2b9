"""The host makes one fresh instance of each policy a run, the kernel at the bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reclaimlab.errors import PolicyError
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import Contender, PolicyChoice, parse_contender
from reclaimlab.hosting.host import build_manager, build_table
from reclaimlab.policy import NoParameters, Policy, PolicyInfo, hookimpl, hookspecs
from reclaimlab.testing import hooks_of, throwaway_policy

if TYPE_CHECKING:
    from collections.abc import Generator


def info(name: str) -> PolicyInfo:
    return PolicyInfo(name, "a throwaway", "none")


class Stumbles(Policy):
    """A fix that cannot be made."""

    info = info("stumbles")

    def __init__(self, parameters: object = None) -> None:
        raise RuntimeError("no")


class Misspelt(Policy):
    """A fix with a hook that does not exist."""

    info = info("misspelt")

    @hookimpl
    def decide_writeback_weight(self) -> None: ...


class WrongArgument(Policy):
    """A fix that asks for an argument that does not exist."""

    info = info("wrong-argument")

    @hookimpl
    def decide_writeback_wait(self, page: object) -> None: ...


class Wraps(Policy):
    """A fix that wraps a hook."""

    info = info("wraps")

    @hookimpl(wrapper=True)
    def decide_writeback_wait(self) -> Generator[None, object, object]:
        return (yield)


def alone(policy: type[Policy]) -> tuple[Contender, Catalog]:
    return Contender(PolicyChoice(policy.info.name, NoParameters())), Catalog.of(policy)


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        (Stumbles, "policy stumbles, hook __init__: raised RuntimeError: no"),
        (
            Misspelt,
            "decide_writeback_weight, which is no hook; did you mean 'decide_writeback_wait'?",
        ),
        (
            WrongArgument,
            "decide_writeback_wait has no argument 'page'; its arguments: folio, reclaim",
        ),
        (Wraps, "is a wrapper; a policy answers or returns None"),
    ],
)
def test_a_policy_that_cannot_be_hosted_is_named_with_the_rule(
    policy: type[Policy], problem: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        build_table(*alone(policy))
    assert caught.value.policy == policy.info.name
    assert problem in str(caught.value)


def test_the_last_fix_is_asked_first_and_the_kernel_last() -> None:
    catalog = Catalog.discover()
    contender = parse_contender("linux-3.10+may-enter-fs+timed-page-wait", catalog)
    hooks = build_manager(contender, catalog).hook.decide_writeback_wait.get_hookimpls()
    asked = [each.plugin_name for each in reversed(hooks)]
    assert asked == ["timed-page-wait", "may-enter-fs", "linux-3.10"]


def test_every_run_gets_fresh_instances_with_the_parameters_of_its_contender() -> None:
    catalog = Catalog.discover()
    contender = parse_contender("linux-3.10(test=fs)", catalog)
    first, second = (build_manager(contender, catalog).get_plugin("linux-3.10") for _ in range(2))
    assert first is not None
    assert second is not None
    assert first is not second
    assert first.parameters is second.parameters is contender.kernel.parameters


def test_a_deprecated_hook_warns_with_what_to_do_and_where_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    way_out = "use sampled; it ends in plugin API 2.0"
    gone = hookspecs.Deprecation("use sampled", (2, 0))
    monkeypatch.setitem(hookspecs.DEPRECATED, "page_written", gone)
    with pytest.warns(
        DeprecationWarning, match=f"policy old: page_written is deprecated: {way_out}"
    ):
        hooks_of("linux-3.10", [throwaway_policy("old", page_written=None)])


def test_a_deprecated_argument_warns_too(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = hookspecs.Deprecation("ask nobody", (2, 0))
    monkeypatch.setitem(hookspecs.DEPRECATED, "page_written.time_ns", gone)
    policy = throwaway_policy("old", page_written=lambda time_ns: None)
    with pytest.warns(DeprecationWarning, match=r"page_written\.time_ns is deprecated"):
        hooks_of("linux-3.10", [policy])
