"""The liveness checker against brute force, on a sample of what `tests.support.lassos` takes whole."""

import pytest

pytest.importorskip("numba")
