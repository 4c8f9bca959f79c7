"""``python -m tdd``: the command line."""

from tdd.main import main

main()
