"""Windows on top: export, help, the palette of commands, the keys."""
