"""`python -m dslint`."""

import sys

if __name__ == "__main__":
    # `-m` puts the working folder first on the path, before Python's standard library.
    if not sys.flags.safe_path:
        del sys.path[0]
    from dslint.cli import main

    main()
