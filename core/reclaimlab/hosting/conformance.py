"""What every policy must hold to, whatever it decides: the check behind ``plugin check``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pluggy

from reclaimlab.errors import PolicyError
from reclaimlab.hosting.host import register
from reclaimlab.hosting.questions import QUESTIONS
from reclaimlab.policy import hookspecs
from reclaimlab.policy.policy import format_parameter, parameter_fields, parse_parameter
from reclaimlab.policy.table import HookTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.policy import Policy


def check_policy(policy: type[Policy]) -> tuple[str, ...]:
    """Return every rule that ``policy`` breaks, in words; nothing means that it conforms.

    It must say what it is, its parameters must work at their defaults, bounds and choices, and its
    answers over a grid of questions must be sound, the same twice where a hook is pure, and never
    None where it is a kernel.
    """
    problems = [*_check_info(policy), *_check_parameters(policy)]
    if problems:
        return tuple(problems)
    for parameters in _variants(policy):
        problems += _check_answers(policy, parameters)
    return tuple(dict.fromkeys(problems))


def _check_info(policy: type[Policy]) -> Iterator[str]:
    for name in ("name", "title", "claim", "version"):
        if not getattr(policy.info, name).strip():
            yield f"info.{name} is empty"
    if not (policy.__doc__ or "").strip():
        yield f"class {policy.__name__} has no docstring"


def _check_parameters(policy: type[Policy]) -> Iterator[str]:
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


def _check_answers(policy: type[Policy], parameters: Any) -> Iterator[str]:
    where = "" if parameters == policy.Parameters() else f" with {parameters}"
    try:
        first, second = (_table(policy, parameters) for _ in range(2))
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


def _table(policy: type[Policy], parameters: Any) -> HookTable:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        instance = policy(parameters)
    except Exception as error:
        raise PolicyError(policy.info.name, "__init__", f"raised {error!r}") from error
    register(manager, policy.info.name, instance)
    return HookTable(manager)
