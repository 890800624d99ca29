"""The tests, each in the folder of its purpose; what they share is in `support`.

Every model, program and layout that a test makes, or that a process of it makes, is verified.
"""

import os

import pytest

os.environ["EXPLORER_VERIFY"] = "1"

pytest.register_assert_rewrite("tests.support")
