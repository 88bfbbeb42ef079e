"""A config entry's data and options, and what becomes of errors: pure."""

import json
import math
from pathlib import Path
from typing import Any

from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError
from homeassistant.helpers.update_coordinator import UpdateFailed
import pytest

import custom_components.tesla_scout_worker as integration
from custom_components.tesla_scout_worker.const import (
    CONF_API_URL,
    CONF_HOME_ZONE,
    CONF_MONTHLY_BUDGET,
    CONF_PRICES,
    CONF_PROMPTNESS,
    CONF_TOKEN_URL,
    CONF_WATCHED,
    DEFAULT_HOME_ZONE,
    DEFAULT_MONTHLY_BUDGET,
    DOMAIN,
)
from custom_components.tesla_scout_worker.fleet import errors
from custom_components.tesla_scout_worker.fleet.auth import TOKEN_URL
from custom_components.tesla_scout_worker.fleet.client import REGION_URLS
from custom_components.tesla_scout_worker.fleet.errors import (
    FleetError,
    RateLimitedError,
    ServerError,
    SignInRequiredError,
)
from custom_components.tesla_scout_worker.fleet.transport import is_tesla_url
from custom_components.tesla_scout_worker.prices import Prices
from custom_components.tesla_scout_worker.problems import for_action, for_coordinator
from custom_components.tesla_scout_worker.scout.view import Promptness
from custom_components.tesla_scout_worker.settings import Endpoints, Options

TRANSLATIONS = sorted((Path(integration.__file__).parent / "translations").glob("*.json"))
# FleetError's own code stands for any 4xx, so each code appears once in the set.
CODES = {
    kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, FleetError)
}


def test_options_have_defaults() -> None:
    """An entry without options watches all cars at home for Tesla's credit."""
    assert Options.from_options({}) == Options(
        (DEFAULT_HOME_ZONE,), Promptness.BALANCED, None, DEFAULT_MONTHLY_BUDGET
    )
    assert Options.from_options({}).prices == Prices()


def test_options_are_read() -> None:
    """What the owner chose counts."""
    options = Options.from_options(
        {CONF_HOME_ZONE: "zone.x", CONF_PROMPTNESS: "prompt", CONF_WATCHED: ["a"], CONF_MONTHLY_BUDGET: 0}
    )
    assert options == Options(("zone.x",), Promptness.PROMPT, frozenset({"a"}), 0.0)
    assert Options.from_options({CONF_WATCHED: []}).watched == frozenset()


@pytest.mark.parametrize("odd", [None, "", "x", [], {}, math.nan, math.inf, True, 10**400])
def test_options_that_make_no_sense_have_the_default(odd: Any) -> None:
    """A damaged entry loads, and no budget is one without a limit."""
    assert Options.from_options({CONF_MONTHLY_BUDGET: odd}).monthly_budget == DEFAULT_MONTHLY_BUDGET
    assert Options.from_options({CONF_PROMPTNESS: odd}).promptness is Promptness.BALANCED
    assert Options.from_options({CONF_MONTHLY_BUDGET: -5}).monthly_budget == 0
    assert Options.from_options({CONF_PRICES: odd}).prices == Prices()
    assert Options.from_options({CONF_PRICES: {"data": odd, "credit": 8}}).prices == Prices(credit=8)


def test_endpoints_are_tesla_s_unless_typed() -> None:
    """What was typed is trusted, and a slash at its end does no harm."""
    assert Endpoints.from_data({}) == Endpoints(TOKEN_URL, None)
    assert Endpoints.from_data({}).typed == (TOKEN_URL,)
    typed = Endpoints.from_data(
        {CONF_TOKEN_URL: "https://a.example/token", CONF_API_URL: "https://b.example/"}
    )
    assert typed.typed == ("https://a.example/token", "https://b.example")


@pytest.mark.parametrize(
    ("data", "is_chinese"),
    [
        ({}, False),
        ({"region": "na"}, False),
        ({"region": "eu"}, False),
        ({"region": "cn"}, True),
        ({"base_url": REGION_URLS["eu"]}, False),
        # A pasted token has no region of its own.
        ({"base_url": REGION_URLS["cn"]}, True),
        ({"base_url": "https://proxy.example"}, False),
        ({"region": "eu", "base_url": REGION_URLS["cn"]}, False),
    ],
)
def test_china_has_hosts_of_its_own(data: dict[str, str], is_chinese: bool) -> None:
    """For the sign-in and for tokens, which may be sent there; what was typed wins."""
    endpoints = Endpoints.from_data(data)
    token_url = "https://auth.tesla.cn/oauth2/v3/token" if is_chinese else TOKEN_URL
    assert endpoints.token_url == token_url
    assert endpoints.authorize_url.startswith("https://auth.tesla.cn/") is is_chinese
    assert is_tesla_url(endpoints.token_url)
    assert Endpoints.from_data({**data, CONF_TOKEN_URL: "https://a.example/token"}).token_url == (
        "https://a.example/token"
    )


def test_only_a_lost_sign_in_starts_a_new_one() -> None:
    """Every other error is an update that failed, with a translated message and its placeholders."""
    assert isinstance(for_coordinator(SignInRequiredError()), ConfigEntryAuthFailed)
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, FleetError) and kind is not SignInRequiredError:
            problem = for_coordinator(kind(503))
            assert isinstance(problem, UpdateFailed)
            assert (problem.translation_domain, problem.translation_key) == (DOMAIN, kind.code)


@pytest.mark.parametrize(
    ("error", "placeholders"),
    [
        (ServerError(503), {"status": "503", "minutes": "1"}),
        (ServerError(), {"status": "-", "minutes": "1"}),
        (RateLimitedError(429, retry_after=37_829), {"status": "429", "minutes": "630"}),
        (RateLimitedError(429, retry_after=3), {"status": "429", "minutes": "1"}),
    ],
)
def test_an_action_tells_what_went_wrong(error: FleetError, placeholders: dict[str, str]) -> None:
    """Status and minutes are filled in."""
    problem = for_action(error)
    assert type(problem) is HomeAssistantError
    assert problem.translation_placeholders == placeholders


@pytest.mark.parametrize("path", TRANSLATIONS, ids=lambda path: path.name)
def test_each_error_has_words_in_each_language(path: Path) -> None:
    """No error of Tesla's side reaches a person as a key."""
    exceptions = json.loads(path.read_text(encoding="utf-8"))["exceptions"]
    assert set(exceptions) >= CODES
    assert all(exceptions[code]["message"] for code in CODES)
