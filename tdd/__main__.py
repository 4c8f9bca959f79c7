"""``tdd`` and ``python -m tdd``: the command line."""

import sys

from tdd.errors import Interrupted


def main() -> None:
    """Run the command line; Ctrl-C while it is being imported is a line too."""
    try:
        from tdd.cli.main import main as run
    except KeyboardInterrupt:
        print("tdd: interrupted", file=sys.stderr)
        sys.exit(Interrupted.exit_code)
    run()


if __name__ == "__main__":
    main()
