"""What the tests of the handed-out token share: programs with tokens of Home Assistant, and what Tesla saw."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.auth.models import TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN, User
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from fleet_simulator import Account, FleetSimulator

PATH = "/api/tesla_scout_worker/token"
SHARING = {"share_access_token": True}
COUNTER = "sensor.tesla_scout_access_token_hand_outs"
LIFE = 28_800.0

type Program = TestClient[Any, Any]
type Programs = Callable[..., Coroutine[Any, Any, Program]]
"""`await programs("evcc")`: a program with a long-lived token of that name, an administrator's unless it is told."""


async def long_lived(hass: HomeAssistant, user: User, name: str) -> str:
    """Make a long-lived token, as on the user's profile page."""
    refresh_token = await hass.auth.async_create_refresh_token(
        user,
        client_name=name,
        token_type=TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN,
        access_token_expiration=timedelta(days=3650),
    )
    return hass.auth.async_create_access_token(refresh_token)


@pytest.fixture
def programs(hass: HomeAssistant, hass_admin_user: User, hass_client: ClientSessionGenerator) -> Programs:
    """Make programs; the integration must be set up before the first one asks."""

    async def _program(name: str, user: User = hass_admin_user) -> Program:
        return await hass_client(await long_lived(hass, user, name))

    return _program


async def ask(program: Program, entry_id: str | None = None) -> tuple[int, dict[str, Any]]:
    """Take the token as a program does; return status and answer, none of which may be kept by a cache."""
    response = await program.get(PATH, params={"config_entry_id": entry_id} if entry_id else None)
    assert response.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in response.headers
    answer = await response.json()
    assert isinstance(answer, dict)
    return response.status, answer


async def listed(hass: HomeAssistant, answer: dict[str, Any]) -> list[str]:
    """Ask Tesla for the account's cars with what was handed out, and nothing else; return their VINs."""
    async with async_get_clientsession(hass).get(
        f"{answer['api_url']}/api/1/vehicles",
        headers={"Authorization": f"Bearer {answer['access_token']}", "Content-Type": "application/json"},
    ) as response:
        response.raise_for_status()
        return [car["vin"] for car in (await response.json())["response"]]


def token_requests(simulator: FleetSimulator) -> int:
    """Return how many requests the token endpoint has seen."""
    return sum(record.kind == "token" for record in simulator.requests)


def refresh_tokens(account: Account) -> set[str]:
    """Return every refresh token that Tesla ever gave the account."""
    return {token.value for grant in account.grants for token in grant.tokens}
