"""What every policy must hold to, whatever it decides: the check behind ``plugin check``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pluggy

from reclaimlab.errors import PolicyError
from reclaimlab.hosting.host import register
from reclaimlab.hosting.questions import QUESTIONS
from reclaimlab.hosting.spelling import misspelt, unmarked
from reclaimlab.policy import hookspecs
from reclaimlab.policy.policy import format_parameter, parameter_fields, parse_parameter
from reclaimlab.policy.table import HookTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.policy import Policy
    from reclaimlab.policy.table import Guard


def check_policy(policy: type[Policy]) -> tuple[str, ...]:
    """Return every rule that ``policy`` breaks, in words; nothing means that it conforms.

    It must say what it is, its parameters must work at their defaults, bounds and choices, and its
    answers over a grid of questions must be sound, the same twice where a hook is pure, and never
    None where it is a kernel.
    """
    problems = [*check_info(policy), *check_names(policy), *check_parameters(policy)]
    return tuple(problems or check_answers(policy))


def check_names(policy: type[Policy]) -> Iterator[str]:
    """Yield each hook or argument that is misspelt or not marked."""
    yield from misspelt(policy)
    yield from unmarked(policy)


def check_answers(policy: type[Policy], guard: Guard | None = None) -> Iterator[str]:
    """Yield what is wrong with the answers to the grid of questions, at every variant."""
    said = set()
    for parameters in _variants(policy):
        for problem in _check_answers(policy, parameters, guard):
            if problem not in said:
                yield problem
            said.add(problem)


def check_info(policy: type[Policy]) -> Iterator[str]:
    """Yield what a policy does not say of itself."""
    for name in ("name", "title", "claim", "version"):
        if not getattr(policy.info, name).strip():
            yield f"info.{name} is empty"
    if not (policy.__doc__ or "").strip():
        yield f"class {policy.__name__} has no docstring"


def check_parameters(policy: type[Policy]) -> Iterator[str]:
    """Yield which parameters cannot be written and read back, at default, bounds and choices."""
    made = getattr(policy.Parameters, "__dataclass_params__", None)
    if made is None or not made.frozen:
        yield f"{policy.Parameters.__name__} is not a frozen dataclass"
        return
    for spec in parameter_fields(policy):
        if spec.default is dataclasses.MISSING:
            yield f"parameter {spec.name} has no default"
        elif not spec.metadata.get("doc"):
            yield f"parameter {spec.name} has no doc; declare it with parameter()"
        else:
            yield from _check_values(spec)


def _check_values(spec: dataclasses.Field[Any]) -> Iterator[str]:
    for value in _values(spec):
        text = format_parameter(spec, value)
        try:
            again = parse_parameter(spec, text)
        except ValueError as error:
            yield f"parameter {error}"
            continue
        if again != value:
            yield f"parameter {spec.name}: {value!r} is written {text} and read back as {again!r}"


def _values(spec: dataclasses.Field[Any]) -> list[Any]:
    bounds = [spec.metadata.get(each) for each in ("low", "high")]
    values = [spec.default, *(each for each in bounds if each is not None)]
    values += spec.metadata.get("choices", ())
    return [*values, True, False] if isinstance(spec.default, bool) else values


def _variants(policy: type[Policy]) -> Iterator[Any]:
    # One parameter at a time: the product would grow beyond use.
    default = policy.Parameters()
    yield default
    for spec in parameter_fields(policy):
        for value in _values(spec):
            if value != spec.default:
                yield dataclasses.replace(default, **{spec.name: value})


def _check_answers(policy: type[Policy], parameters: Any, guard: Guard | None) -> Iterator[str]:
    where = "" if parameters == policy.Parameters() else f" with {parameters}"
    try:
        first, second = (table_of(policy, parameters, guard) for _ in range(2))
    except PolicyError as error:
        yield f"{error}{where}"
        return
    for hook in QUESTIONS:
        problem = _first_problem(policy, hook, first, second)
        if problem:
            yield f"{hook}: {problem}{where}"


def _first_problem(
    policy: type[Policy], hook: str, first: HookTable, second: HookTable
) -> str | None:
    for question in QUESTIONS[hook]():
        try:
            answers = first.answers(hook, *question)
            if hook in hookspecs.PURE:
                again = (first.answers(hook, *question), second.answers(hook, *question))
                if any(each != answers for each in again):
                    return f"is pure, but its answer changes: asked {question}"
            if hook == "derive_gfp":
                first.derive_gfp(*question)
        except PolicyError as error:
            return f"{error.problem}; asked {question}"
        if policy.info.kind == "kernel" and [each for _, each in answers] in ([], [None]):
            return f"a kernel must answer; asked {question}"
    return None


def table_of(policy: type[Policy], parameters: Any = None, guard: Guard | None = None) -> HookTable:
    """Return the hooks of one policy alone.

    Raises:
        PolicyError: it cannot be made or registered.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        instance = policy(parameters)
    except Exception as error:
        problem = f"raised {type(error).__name__}: {error}"
        raise PolicyError(policy.info.name, "__init__", problem) from error
    register(manager, policy.info.name, instance)
    return HookTable(manager, guard=guard)
