"""``python -m reclaimlab``: the same as the command ``reclaimlab``."""

from reclaimlab.cli import main

if __name__ == "__main__":
    main()
