"""What the figures of money are made of, pure: the book with a clock that is set."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.tesla_scout_worker.book import Book
from custom_components.tesla_scout_worker.fleet.metering import Admission, Category, Errand, Purpose
from custom_components.tesla_scout_worker.prices import Prices

BERLIN = ZoneInfo("Europe/Berlin")
VIN = "5YJ3E1EA1KF000001"
NOON = datetime(2026, 11, 24, 12, tzinfo=BERLIN)


def enter(book: Book, category: Category, times: int) -> None:
    """Enter so many requests of today."""
    for _ in range(times):
        errand = Errand(category, Purpose.SCOUT, VIN)
        book.ledger.enter(Admission(errand, book.calendar.today, book.prices.of(category)))


def test_state_requests_that_cost_are_no_saving() -> None:
    """The fixed poll asks for no state: where the owner gave it a price, it counts against us; wakes do not."""
    book = Book(lambda: NOON, 10.0, Prices(state=0.0005))
    book.note_online(VIN, 3_600)
    for category, times in ((Category.DATA, 2), (Category.STATE, 10), (Category.WAKES, 3)):
        enter(book, category, times)
    assert book.saved_this_month == pytest.approx(6 * 0.002 - 2 * 0.002 - 10 * 0.0005)
    enter(book, Category.STATE, 20)
    assert book.saved_this_month < 0, "what was dearer is told as such"


def test_a_clock_that_was_ahead_when_counting_began_foretells_nothing() -> None:
    """Not from a beginning that is still to come, whatever was entered since."""
    now = NOON
    book = Book(lambda: now, 10.0, Prices())
    book._count_from((NOON + timedelta(days=3_650)).timestamp())
    enter(book, Category.DATA, 50)
    assert book.forecast is None
    now += timedelta(days=2)
    enter(book, Category.DATA, 50)
    assert book.forecast is None
    book._count_from(now.timestamp())
    now += timedelta(days=1)
    assert book.forecast is not None
