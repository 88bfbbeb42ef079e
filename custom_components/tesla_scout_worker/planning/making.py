"""Makes plans, and says what charges cost: both need the prices of their hours, fetched when they are needed."""

from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..data import ScoutWorkerConfigEntry
from ..fleet.vehicle_view import VehicleView
from ..price_sources.errors import PriceSourceError, PricesUnavailableError
from ..price_sources.fetch import async_fetch_prices
from ..settings import Options
from ..worker.charge_plan import ChargePlan
from ..worker.price_slots import Prices
from ..worker.sessions import Session
from .paying import paid_for
from .reckoning import reckon
from .wish import Learned, PaidCharge, PlanState, PlanWish

_DAY: Final = 86_400.0
_HOUR: Final = 3_600.0


class Maker:
    """Makes the plans of one car. Asks nothing of Tesla."""

    def __init__(self, hass: HomeAssistant, entry: ScoutWorkerConfigEntry) -> None:
        """Initialize."""
        self._hass = hass
        self._entry = entry

    async def async_plan(
        self, wish: PlanWish, state: PlanState, learned: Learned, view: VehicleView, *, guesses: bool = False
    ) -> ChargePlan:
        """Return the plan. guesses: without prices one is made as well.

        Raises BatteryUnknownError, PriceSourceError, InvalidRequestError.
        """
        now = dt_util.utcnow().timestamp()
        try:
            prices = await self._async_prices(wish, now - _DAY, max(wish.ready_by, now + _HOUR))
        except PriceSourceError as err:
            if not guesses and not isinstance(err, PricesUnavailableError):
                raise
            prices = Prices((), None)
        # Two days of quarter hours take a slow machine a second.
        return await self._hass.async_add_executor_job(
            reckon, wish, state, learned, view, prices, now, dt_util.get_default_time_zone()
        )

    async def async_cost(self, session: Session, state: PlanState) -> PaidCharge | None:
        """Return what a charge that has ended cost, None where that cannot be known. state: of the plan it was under."""
        end = max(session.ended_at or session.started_at, session.started_at + 60.0)
        try:
            prices = await self._async_prices(state.in_force, session.started_at, end)
        except PriceSourceError:
            return None
        return paid_for(session, prices, state.plan.windows if state.plan else ())

    async def _async_prices(self, wish: PlanWish | None, since: float, until: float) -> Prices:
        source = wish.source if wish else None
        return await async_fetch_prices(
            self._hass, source or Options.from_options(self._entry.options).price_source, since, until
        )
