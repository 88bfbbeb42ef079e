"""What all tests share."""

import pytest


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave the event loop's debug mode off, which the harness turns on: it notes a stack for each call and timer.

    That is a third of the time of a test that lives through days.
    """
