"""`python -m tests.golden`: writes the digests anew, after an intended change."""

from __future__ import annotations

import json

from tests.golden.sources import GOLDEN, digests, specs

GOLDEN.write_text(json.dumps({path.stem: digests(path) for path in specs()}, indent=1) + "\n")
