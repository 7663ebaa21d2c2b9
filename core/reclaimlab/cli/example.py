"""The example that ends every command's help."""

from __future__ import annotations


def example(line: str) -> str:
    r"""Return the epilogue that shows ``line``; ``\b`` keeps click from wrapping it."""
    return f"\b\nExample:\n  {line}"
