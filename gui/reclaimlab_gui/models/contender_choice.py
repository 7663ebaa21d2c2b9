"""A contender as a form has it: a kernel, fixes, and the values of their parameters."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reclaimlab.hosting.contender import parse_contender
from reclaimlab.policy.policy import format_parameter, parameter_fields
from reclaimlab.runs.run import installed_policies
from reclaimlab_gui.models.form_fields import Field, parameter_fault, policy_fields

if TYPE_CHECKING:
    from collections.abc import Mapping


def policies_of(kind: str) -> list[tuple[str, str]]:
    """Return name and title of every usable policy of ``kind``, which is kernel or fix."""
    found = installed_policies().policies
    return [(name, each.info.title) for name, each in found.items() if each.info.kind == kind]


@dataclass(frozen=True, slots=True)
class ContenderChoice:
    """What is chosen; ``values`` has only what is not the default, by ``policy: parameter``."""

    kernel: str
    fixes: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> ContenderChoice:
        """Return the choice that ``text`` writes.

        Raises:
            ContenderError: it cannot be read.
        """
        catalog = installed_policies()
        contender = parse_contender(text, catalog)
        values = {}
        for choice in contender.policies:
            for spec in parameter_fields(catalog.get(choice.name)):
                value = getattr(choice.parameters, spec.name)
                if value != spec.default:
                    values[f"{choice.name}: {spec.name}"] = format_parameter(spec, value)
        return cls(contender.kernel.name, tuple(each.name for each in contender.fixes), values)

    @property
    def policies(self) -> tuple[str, ...]:
        """The kernel, then the fixes."""
        return (self.kernel, *self.fixes)

    def fields(self) -> list[Field]:
        """Return a field a parameter of the chosen policies, with its value."""
        found = []
        for policy in self.policies:
            for each in policy_fields(policy):
                name = f"{policy}: {each.name}"
                value = self.values.get(name, each.value)
                found.append(dataclasses.replace(each, name=name, value=value))
        return found

    def faults(self) -> dict[str, str]:
        """Return what is wrong with the values, by field."""
        found = {}
        for name, text in self.values.items():
            policy, _, parameter = name.partition(": ")
            if policy in self.policies and (fault := parameter_fault(policy, parameter, text)):
                found[name] = fault
        return found

    def text(self) -> str:
        """Return the contender as people write it."""
        return "+".join(self._term(policy) for policy in self.policies)

    def _term(self, policy: str) -> str:
        defaults = {each.name: each.value for each in policy_fields(policy)}
        changed = [
            f"{name}={value}"
            for name, default in defaults.items()
            if (value := self.values.get(f"{policy}: {name}", default)) != default
        ]
        return f"{policy}({','.join(changed)})" if changed else policy
