"""A newcomer's way through the frontend, in English and in Polish, in a wide and in a narrow window, light and dark."""

from pathlib import Path

from newcomer_eyes import Eyes
from newcomer_home import Place, at_home, chromium
from newcomer_ways import Newcomer
from newcomer_words import Words
from playwright.async_api import expect
import pytest

_LOCALES = {"en": "en-US", "pl": "pl-PL"}

expect.set_options(timeout=150_000)


@pytest.fixture
def executable(request: pytest.FixtureRequest) -> str:
    """Return the browser; where there is none, the test is skipped unless it was asked for."""
    found = chromium()
    if found is None:
        missing = "no Chromium is installed: run scripts/test --browser as root, or install Debian's package chromium"
        if request.config.getoption("--browser"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the folder for the pictures."""
    folder: Path = request.config.getoption("--pictures") or tmp_path / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def _goes(place: Place, language: str, pictures: Path) -> list[str]:
    """Walk all ways in one language; return what was wrong on them."""
    await place.speak(language)
    context = await place.browser.new_context(locale=_LOCALES[language])
    context.set_default_timeout(150_000)
    eyes = Eyes(Words(language), pictures)
    page = await context.new_page()
    eyes.watch(page)
    newcomer = Newcomer(place, page, eyes)
    try:
        await newcomer.logs_in()
        await newcomer.pastes_a_token()
        await newcomer.looks_at_devices()
        await newcomer.opens_dashboard()
        await newcomer.changes_options()
        await newcomer.mends()
        await newcomer.signs_in()
    except BaseException:
        await page.screenshot(path=pictures / f"{language}_failed.png")
        raise
    finally:
        await context.close()
    await place.clear()
    return eyes.wrong


@pytest.mark.timeout(1_200)
async def test_a_newcomer_finds_the_way(
    tmp_path: Path, socket_enabled: None, executable: str, pictures: Path
) -> None:
    """From the log-in to the dashboard, with a wrong token and a repair on the way.

    Each text that is waited for is that of the translations. No page shows what is no sentence of the person's language,
    nothing sticks out of the window, and neither the browser nor Home Assistant complains of the integration.
    """
    async with at_home(tmp_path / "config", executable) as place:
        wrong = [problem for language in _LOCALES for problem in await _goes(place, language, pictures)]
        log = place.server.log
    assert wrong == []
    assert [line for line in log.splitlines() if "ERROR" in line and "tesla_scout_worker" in line] == []
