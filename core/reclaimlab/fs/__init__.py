"""Filesystems: how pages are written, and what must happen before their writeback ends."""
