"""What a person may say to the tests beside what pytest knows."""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the browser test be asked for, and its pictures be kept."""
    group = parser.getgroup("browser", "the test in a browser (tests/browser)")
    group.addoption(
        "--browser",
        action="store_true",
        help="fail instead of skip where there is no Chromium",
    )
    group.addoption(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="write the pictures of each page there (default: the test's own temporary folder)",
    )
