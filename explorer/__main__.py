"""`python -m explorer`."""

import sys

from explorer.command.main import main

sys.exit(main())
