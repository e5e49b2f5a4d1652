"""`python -m dslint`."""

import sys

if __name__ == "__main__":
    # `-m` has put the working folder first on the path, before the library of Python itself.
    if not sys.flags.safe_path:
        del sys.path[0]
    from dslint.cli import main

    main()
