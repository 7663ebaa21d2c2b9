"""One file a view: they arrange, and hold no data."""
