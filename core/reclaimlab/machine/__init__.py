"""A machine: scenario, policies and seed, made ready to run, watched and measured."""

from reclaimlab.machine.simulate import simulate

__all__ = ["simulate"]
