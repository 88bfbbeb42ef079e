"""What the tests of scout, worker, flows and entities look at: states, events, the bill, and what a car is asked."""

from collections.abc import Callable
from datetime import datetime
import logging
import time
from typing import Any

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers.event import async_track_state_change_event
import pytest

from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from fleet_simulator import Car, Drive, FleetSimulator, Point
from fleet_simulator.car import Transform

SECOND_VIN = "5YJ3E1EA1KF000002"
THIRD_VIN = "7SAYGDEE1PF000003"


def state(hass: HomeAssistant, entity_id: str) -> State:
    """Return a state that must be there."""
    found = hass.states.get(entity_id)
    assert found is not None, f"{entity_id} is not there: {sorted(hass.states.async_entity_ids())}"
    return found


def value(hass: HomeAssistant, entity_id: str) -> str:
    """Return the state's word."""
    return state(hass, entity_id).state


def listen(hass: HomeAssistant, entity_id: str = "event.scout_presence") -> list[tuple[str, float]]:
    """Collect what an event entity fires, with the time; a state that comes back after a reload is no new event."""
    told: list[tuple[str, float]] = []
    seen: set[str] = set()

    @callback
    def _fired(event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        if new and new.state not in seen and (kind := new.attributes.get("event_type")):
            seen.add(new.state)
            told.append((kind, time.time()))

    async_track_state_change_event(hass, [entity_id], _fired)
    return told


def causes(hass: HomeAssistant) -> list[str]:
    """Collect the causes of full reads; of several in a row with the same one the first."""
    found: list[str] = []

    @callback
    def _changed(event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        if new and new.state not in {"unavailable", "unknown", *found[-1:]}:
            found.append(new.state)

    async_track_state_change_event(hass, ["sensor.scout_cause_of_last_full_read"], _changed)
    return found


def kinds(told: list[tuple[str, float]]) -> list[str]:
    """Return only what was told."""
    return [kind for kind, _ in told]


def park_at(car: Car, point: Point, *, at: float | None = None) -> None:
    """Put a car somewhere as if it had driven there in the second before: in gear nowhere, parked here."""
    now = time.time() if at is None else at
    car.drive(Drive([(0.0, *car.position(now)), (1.0, *point)], now - 2.0))


def asked(simulator: FleetSimulator, kind: str, since: float = 0.0, vin: str = "") -> int:
    """Return how many requests of a kind came in from an epoch second on, of one car or of all."""
    return sum(
        record.kind == kind and record.time >= since and vin in record.path for record in simulator.requests
    )


def billed(simulator: FleetSimulator, since: float = 0.0) -> int:
    """Return the billed requests from an epoch second on."""
    return sum(simulator.bill.counts(since).values())


def agrees(simulator: FleetSimulator, entry: ScoutWorkerConfigEntry) -> None:
    """Check that the meter says what the simulator's bill says."""
    budget = entry.runtime_data.budget
    assert budget.billed_this_month == billed(simulator)
    assert budget.cost_this_month == pytest.approx(simulator.bill.usd)


def without(block: str, *, put: Any = None, drop: bool = False) -> Transform:
    """Return a change of every read: a block is dropped, or replaced."""

    def _change(response: dict[str, Any]) -> dict[str, Any]:
        changed = {key: item for key, item in response.items() if key != block}
        return changed if drop else {**changed, block: put}

    return _change


def fields(block: str, **values: Any) -> Transform:
    """Return a change of every read: some fields of a block, where the block was asked for."""

    def _change(response: dict[str, Any]) -> dict[str, Any]:
        if block not in response:
            return response
        return {**response, block: {**response[block], **values}}

    return _change


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the integration logged as an error, and any traceback."""
    return [
        record.getMessage()
        for record in caplog.records
        if (record.levelno >= logging.ERROR and DOMAIN in record.name)
        or (record.levelno >= logging.WARNING and record.exc_info)
    ]


async def call(hass: HomeAssistant, service: str, **data: Any) -> dict[str, Any]:
    """Call an action and return its answer."""
    answer = await hass.services.async_call(DOMAIN, service, data, blocking=True, return_response=True)
    assert isinstance(answer, dict)
    return dict(answer)


def kill(entry: ScoutWorkerConfigEntry, store: dict[str, Any]) -> Callable[[], None]:
    """Take what is on the disk now; the answer puts it back, as after a kill nothing later was written."""
    name = f"{DOMAIN}.{entry.entry_id}.cars"
    kept = store[name]

    def _restore() -> None:
        store[name] = kept

    return _restore


def moment(text: str) -> float:
    """Return the epoch seconds of a state that is a time."""
    return datetime.fromisoformat(text).timestamp()
