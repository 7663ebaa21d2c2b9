"""Carriers between the core and the window: threads that pump, processes that simulate."""
