"""Kernel versions as policies: each answers every hook, and a later one reads as the difference."""
