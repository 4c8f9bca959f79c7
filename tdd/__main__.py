"""``python -m tdd``: the command line."""

from tdd.cli.main import main

main()
