"""``python -m tdd``: the command line."""

from tdd.cli import main

main()
