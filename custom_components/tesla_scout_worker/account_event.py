"""What happened to an account, as events: its budget was reached, its sign-in is needed, and the end of either.

What was told last is kept with the entity, and written at once. So each is told once, also where the month turned, or
the owner signed in, while Home Assistant was off.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.restore_state import RestoreStateData
from homeassistant.helpers.start import async_at_started

from .automation_targets import ACCOUNT
from .budget import Budget
from .entity import AccountEntity


class AccountChange(StrEnum):
    """What happened to an account."""

    BUDGET_REACHED = "budget_reached"
    #: A new month began, or the owner raised the budget.
    BUDGET_AVAILABLE = "budget_available"
    SIGN_IN_NEEDED = "sign_in_needed"
    SIGNED_IN = "signed_in"


ACCOUNT_EVENT: Final = EventEntityDescription(
    key="account", translation_key=ACCOUNT, event_types=[change.value for change in AccountChange]
)


@dataclass(frozen=True, slots=True)
class Told:
    """What was told last. month: in which the budget was reached, such as `2026-11`, None while it is not.

    budget: the one that was reached, US dollars.
    """

    month: str | None = None
    budget: float | None = None
    sign_in_needed: bool = False

    @classmethod
    def from_attributes(cls, stored: Mapping[str, Any] | None) -> Self:
        """Read what was kept; what is no such thing was not told."""
        stored = stored or {}
        month, budget = stored.get("month"), stored.get("budget")
        if not isinstance(month, str) or not isinstance(budget, int | float):
            month = budget = None
        return cls(month, budget, stored.get("sign_in_needed") is True)


def after(told: Told, budget: Budget, *, needs_sign_in: bool) -> tuple[tuple[AccountChange, Told], ...]:
    """Return what is to be told now, each with what will have been told then.

    The budget counts as reached when the scout's share is gone: from then on arrivals are missed. A request that is taken
    back, since it was not billed, does not make it available: it would be reached again with the next one.
    """
    changes: list[tuple[AccountChange, Told]] = []
    which = budget.calendar.month, budget.monthly_budget
    if told.month is None:
        # Without a budget nothing was promised that could be missed.
        if budget.monthly_budget > 0 and not budget.scout_may_spend:
            told = replace(told, month=which[0], budget=which[1])
            changes.append((AccountChange.BUDGET_REACHED, told))
    elif budget.scout_may_spend and which != (told.month, told.budget):
        told = replace(told, month=None, budget=None)
        changes.append((AccountChange.BUDGET_AVAILABLE, told))
    if needs_sign_in is not told.sign_in_needed:
        told = replace(told, sign_in_needed=needs_sign_in)
        change = AccountChange.SIGN_IN_NEEDED if needs_sign_in else AccountChange.SIGNED_IN
        changes.append((change, told))
    return tuple(changes)


class AccountEvent(AccountEntity, EventEntity):
    """Fires what happened to the account."""

    _told = Told()

    @override
    async def async_added_to_hass(self) -> None:
        """Recall what was told, and begin to tell when automations can hear it."""
        await super().async_added_to_hass()
        if last := await self.async_get_last_event_data():
            self._told = Told.from_attributes(last.last_event_attributes)
        self.async_on_remove(async_at_started(self.hass, self._async_begin))

    async def _async_begin(self, hass: HomeAssistant) -> None:
        """Tell what happened meanwhile, and listen from now on."""
        # What came back is shown first: an event must be seen to change it.
        await asyncio.sleep(0)
        self.async_on_remove(self._budget.async_add_listener(self._async_look))
        self.async_on_remove(self.coordinator.async_add_listener(self._async_look))
        self._async_look()

    @callback
    def _async_look(self) -> None:
        needs_sign_in = self.coordinator.data.token.needs_sign_in
        changes = after(self._told, self._budget, needs_sign_in=needs_sign_in)
        for change, self._told in changes:
            self._trigger_event(change.value, asdict(self._told))
            self.async_write_ha_state()
        if changes:
            # A kill in the next quarter of an hour must not tell it again.
            self.coordinator.config_entry.async_create_task(
                self.hass, RestoreStateData.async_save_persistent_states(self.hass)
            )
