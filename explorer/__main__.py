"""`python -m explorer`."""

import sys

try:
    from explorer.cli import main

    sys.exit(main())
except KeyboardInterrupt:  # while modules are imported, or between two steps of the end
    print("explorer: interrupted", file=sys.stderr)
    sys.exit(130)
