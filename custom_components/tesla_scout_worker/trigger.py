"""Triggers: what happened to a car or to its account.

They stand on the event entities, and so ask nothing of Tesla. An event fires once. What a restart or a reload brings back
is an event of before, and fires nothing.
"""

from typing import ClassVar, Final, override

from homeassistant.components.event import (
    DOMAIN as EVENT_DOMAIN,
    EventEntityStateAttribute,
)
from homeassistant.const import CONF_OPTIONS, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    Trigger,
)
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .account_event import AccountChange
from .automation_targets import ACCOUNT, CHARGING, PRESENCE, only
from .scout.arrival import Change
from .worker.sessions import Happened

CONF_ONLY_AT_HOME: Final = "only_at_home"

_EVENTS: Final = {EVENT_DOMAIN: DomainSpec()}
_CHARGE_SCHEMA: Final = ENTITY_STATE_TRIGGER_SCHEMA.extend(
    {vol.Required(CONF_OPTIONS, default={}): {vol.Optional(CONF_ONLY_AT_HOME, default=False): cv.boolean}}
)


class HappenedTrigger(StatelessEntityTriggerBase):
    """Fires when one of our event entities tells one kind of event."""

    _domain_specs = _EVENTS
    # What comes back is told from what is new by its time.
    _excluded_from_states: ClassVar[frozenset[str]] = frozenset()
    #: The translation key of the event entity, and what it has to tell.
    about: ClassVar[str]
    _event: ClassVar[str]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the event entities of one kind."""
        return only(self._hass, super().entity_filter(entities), self.about)

    @override
    def is_valid_state(self, state: State, report_not_triggered: NotTriggeredReasonReporter) -> bool:
        """Return whether the entity tells what is waited for."""
        return state.attributes.get(EventEntityStateAttribute.EVENT_TYPE) == self._event

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        """Return whether the event is a new one: it is the time of the event that is the state.

        An entity that was unavailable comes back with its last event, or with one that happened meanwhile.
        """
        if from_state.state != STATE_UNAVAILABLE:
            return from_state.state != to_state.state
        happened = dt_util.parse_datetime(to_state.state)
        return happened is not None and happened > from_state.last_changed


class _ArrivedHome(HappenedTrigger):
    about = PRESENCE
    _event = Change.ARRIVED


class _LeftHome(HappenedTrigger):
    about = PRESENCE
    _event = Change.LEFT


class _ChargingTrigger(HappenedTrigger):
    """Fires for what is told of the cable, where it is wished only at home."""

    about = CHARGING

    @property
    def _is_only_at_home(self) -> bool:
        return bool(self._options.get(CONF_ONLY_AT_HOME))

    @override
    def is_valid_state(self, state: State, report_not_triggered: NotTriggeredReasonReporter) -> bool:
        """Return whether the entity tells what is waited for, at the place where it is."""
        if not super().is_valid_state(state, report_not_triggered):
            return False
        return not self._is_only_at_home or state.attributes.get("at_home") is True


class _PluggedInAtHome(_ChargingTrigger):
    _event = Happened.PLUGGED_IN
    _is_only_at_home = True


class _ChargeFinished(_ChargingTrigger):
    _schema = _CHARGE_SCHEMA
    _event = Happened.CHARGING_COMPLETE


class _ChargeStoppedShort(_ChargingTrigger):
    """A pause is no stop: the car goes on by itself, by its own schedule or by our plan."""

    _schema = _CHARGE_SCHEMA
    _event = Happened.CHARGING_INTERRUPTED


class _BudgetReached(HappenedTrigger):
    about = ACCOUNT
    _event = AccountChange.BUDGET_REACHED


class _SignInNeeded(HappenedTrigger):
    about = ACCOUNT
    _event = AccountChange.SIGN_IN_NEEDED


TRIGGERS: Final[dict[str, type[HappenedTrigger]]] = {
    "arrived_home": _ArrivedHome,
    "left_home": _LeftHome,
    "plugged_in_at_home": _PluggedInAtHome,
    "charge_finished": _ChargeFinished,
    "charge_stopped_short": _ChargeStoppedShort,
    "budget_reached": _BudgetReached,
    "sign_in_needed": _SignInNeeded,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by their names."""
    return dict(TRIGGERS)
