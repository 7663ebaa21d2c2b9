"""Adapters: what the core knows, as Qt's models; no widgets here."""
