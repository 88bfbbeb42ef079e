"""The health of a sign-in in a word."""

from account_bench import keeper_of
from bench import SetUp
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.tesla_scout_worker.fleet.auth import Claims
from custom_components.tesla_scout_worker.token_health import TokenHealth, TokenState
from custom_components.tesla_scout_worker.token_rotation import SignInCause
from fleet_simulator import Account, Car, FleetSimulator


@pytest.mark.parametrize(
    ("cause", "failures", "is_overdue", "state"),
    [
        (SignInCause.REVOKED, 3, True, TokenState.SIGN_IN_NEEDED),
        (None, 3, True, TokenState.RETRYING),
        (None, 0, True, TokenState.AGEING),
        (None, 0, False, TokenState.FRESH),
    ],
)
def test_the_word_is_that_of_the_worst(
    cause: SignInCause | None, failures: int, is_overdue: bool, state: TokenState
) -> None:
    """The table, row by row."""
    health = TokenHealth(
        expires_at=0,
        usable_until=0,
        renew_at=0,
        is_overdue=is_overdue,
        last_rotation=None,
        rotations=0,
        failures=failures,
        failures_counted=failures,
        rejections=0,
        is_saved=True,
        sign_in_cause=cause,
        is_used_elsewhere=False,
        claims=Claims(),
    )
    assert health.state is state
    assert health.needs_sign_in is (cause is not None)


async def test_a_renewal_that_is_due_is_no_news_and_one_that_does_not_come_about_is(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    account: Account,
    car: Car,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
) -> None:
    """At the very moment at which the token falls due nothing flickers; minutes later the state says so."""
    entry = await set_up(account)
    # With nobody there to renew it.
    await hass.config_entries.async_unload(entry.entry_id)
    keeper = keeper_of(hass, entry)
    freezer.tick(keeper.health.renew_at - simulator.clock() + 1)
    states = [keeper.health.state]
    freezer.tick(120)
    states.append(keeper.health.state)
    await keeper.async_renew()
    states.append(keeper.health.state)
    assert states == [TokenState.FRESH, TokenState.AGEING, TokenState.FRESH]
