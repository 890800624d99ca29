"""The tests, each in the folder of its purpose; what they share is in `support`."""

import pytest

pytest.register_assert_rewrite("tests.support")
