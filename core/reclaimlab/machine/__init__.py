"""A machine: scenario, policies and seed, made ready to run, watched and measured."""

from reclaimlab.machine.simulate import simulate
from reclaimlab.machine.timeline import record_timeline

__all__ = ["record_timeline", "simulate"]
