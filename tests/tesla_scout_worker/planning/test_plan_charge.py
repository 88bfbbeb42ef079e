"""The plan of charging, over HTTP: from a wish to schedules in a verifying car, and to a full battery without us."""

from datetime import datetime, timedelta
import time
from typing import Any
from zoneinfo import ZoneInfo

from bench import VIN, WORK, Pass, SetUp, settle
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from lookout import agrees, billed, call, value
import pytest

from custom_components.tesla_scout_worker.const import CONF_COMMANDS, DOMAIN
from custom_components.tesla_scout_worker.data import ScoutWorkerConfigEntry
from custom_components.tesla_scout_worker.virtual_key import async_virtual_key
from fleet_simulator import HOME, WALL_BOX, Account, Car, FleetSimulator, drive_home

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600.0
PLAN = "sensor.scout_charge_plan"


def prices(start: float, hours: int = 48, cheap: range = range(2, 5)) -> dict[str, Any]:
    """Return hourly prices from the begin of a day: dear, but for some hours of the night."""
    begin = datetime.fromtimestamp(start, BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "prices": [
            {
                "start": (begin + timedelta(hours=hour)).isoformat(),
                "end": (begin + timedelta(hours=hour + 1)).isoformat(),
                "price": 0.10 if hour % 24 in cheap else 0.40,
            }
            for hour in range(hours)
        ],
        "unit": "EUR/kWh",
    }


def night_rate() -> dict[str, Any]:
    """Return a tariff that is cheap from ten to six."""
    return {
        "tariff": {"preset": "day_night", "day": 0.4, "night": 0.1, "night_hours": ["22-6"]},
        "currency": "EUR",
    }


@pytest.fixture
def car(account: Account) -> Car:
    """Make a car that is at home with its cable in since a minute, and charges."""
    car = account.add_car(VIN, "Scout", HOME, 62.0)
    car.plug_in(time.time() + 1, WALL_BOX)
    return car


@pytest.fixture
async def entry(
    hass: HomeAssistant, car: Car, account: Account, set_up: SetUp, passes: Pass
) -> ScoutWorkerConfigEntry:
    """Set up an account that signs, with a car that knows its key."""
    car.keyring.pair((await async_virtual_key(hass)).public_point_hex)
    entry = await set_up(account, {CONF_COMMANDS: {"transport": "signed"}})
    await passes(120)
    return entry


async def plan(hass: HomeAssistant, **data: Any) -> dict[str, Any]:
    """Plan a charge and return what is answered of the one car."""
    wish = {"ready_by": "07:00", "price_source": prices(time.time()), **data}
    (answer,) = (await call(hass, "plan_charge", **wish))["cars"]
    return dict(answer)


def hours(answer: dict[str, Any]) -> list[tuple[int, int]]:
    """Return from which local hour to which the windows last."""
    return [(_hour(window["start"]), _hour(window["end"])) for window in answer["windows"]]


def at(hour: int, minute: int = 0) -> float:
    """Return the next such local time, Unix seconds."""
    now = datetime.fromtimestamp(time.time(), BERLIN)
    told = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (told if told > now else told + timedelta(days=1)).timestamp()


async def test_plan_goes_into_the_car_and_is_followed_without_us(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    passes: Pass,
) -> None:
    """The charge that runs is stopped, the cheap hours are in the car, and with us gone it is at the target in time."""
    assert car.battery(time.time()).flow_from is not None
    answer = await plan(hass, target=80)
    assert answer["limited_by"] == "nothing"
    assert answer["in_car"]
    assert answer["reaches_level"] >= 80
    assert all(start >= 2 and end <= 5 for start, end in hours(answer))
    assert answer["cost"] == pytest.approx(answer["energy_kwh"] * 0.10, abs=0.02)
    assert len(car.charge_schedules) == len(answer["windows"])
    assert value(hass, PLAN) == "planned"
    agrees(simulator, entry)

    level = car.battery(time.time()).level
    await hass.config_entries.async_unload(entry.entry_id)
    ready = at(7)
    assert car.energy(time.time(), at(2)).battery_kwh == pytest.approx(0.0, abs=0.01)
    await passes(ready - time.time(), step=600)
    assert level < car.battery(time.time()).level
    assert car.battery(time.time()).level >= 79.5


async def test_same_plan_costs_nothing(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car
) -> None:
    """What the car has already is not sent again."""
    await plan(hass, target=80)
    # The read that followed told what the wall gives, which nobody knew before.
    second = await plan(hass, target=80)
    before = billed(simulator)
    third = await plan(hass, target=80)
    assert third["windows"] == second["windows"]
    assert billed(simulator) == before


async def test_trial_changes_nothing(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car
) -> None:
    """It only tells."""
    before = billed(simulator)
    answer = await plan(hass, target=80, dry_run=True)
    assert answer["windows"]
    assert not answer["in_car"]
    assert car.charge_schedules == []
    assert value(hass, PLAN) == "none"
    assert billed(simulator) == before


async def test_cancel_takes_it_out(hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car) -> None:
    """Only what the plan made; nothing is planned afterwards."""
    await plan(hass, target=80)
    assert car.charge_schedules
    await hass.services.async_call(DOMAIN, "cancel_charge_plan", {}, blocking=True)
    assert car.charge_schedules == []
    assert value(hass, PLAN) == "none"
    (answer,) = (await call(hass, "get_charge_plan"))["cars"]
    assert (answer["plan"], answer["ready_by"]) == (None, None)


async def test_need_for_once_raises_the_limit_and_puts_it_back(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """100 % by seven: the limit is 100 until then, and afterwards what it was; the usual plan waits meanwhile."""
    usual = await plan(hass, target=70)
    limit = car.battery(time.time()).limit
    assert limit < 100
    answer = await plan(hass, target=100, once=True)
    assert answer["limited_by"] == "nothing"
    assert car.battery(time.time()).limit == 100
    (told,) = (await call(hass, "get_charge_plan"))["cars"]
    assert (told["target"], told["once"]) == (100, True)
    assert answer["energy_kwh"] > usual["energy_kwh"]
    await passes(at(7) + HOUR - time.time(), step=300)
    assert car.battery(at(7)).level >= 99
    assert car.battery(time.time()).limit == limit
    (told,) = (await call(hass, "get_charge_plan"))["cars"]
    assert told["once"] is False


async def test_car_that_is_away_gets_its_plan_when_it_is_back(
    hass: HomeAssistant, account: Account, set_up: SetUp, passes: Pass
) -> None:
    """No schedule is sent while it is away; after the arrival the plan is made anew with the level it has then."""
    car = account.add_car(VIN, "Scout", WORK, 62.0)
    car.keyring.pair((await async_virtual_key(hass)).public_point_hex)
    await set_up(account, {CONF_COMMANDS: {"transport": "signed"}})
    await passes(60)
    answer = await plan(hass, target=80)
    assert (answer["in_car"], answer["problem"]) == (False, "car_away")
    assert value(hass, PLAN) == "waiting"
    assert car.charge_schedules == []
    back = drive_home().starting_at(time.time() + 60)
    car.drive(back)
    await passes(back.end + 1_200 - time.time(), step=10)
    assert value(hass, PLAN) == "planned"
    assert car.charge_schedules


async def test_prices_of_tomorrow_are_waited_for(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """With today's prices alone it plans with a guess, and anew when an entity tells those of tomorrow."""
    today = datetime.fromtimestamp(time.time(), BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)

    def rows(day: datetime, cheap: range) -> list[dict[str, Any]]:
        return [
            {
                "start": (day + timedelta(hours=hour)).isoformat(),
                "end": (day + timedelta(hours=hour + 1)).isoformat(),
                "value": 0.1 if hour in cheap else 0.4,
            }
            for hour in range(24)
        ]

    def tell(tomorrow: list[dict[str, Any]]) -> None:
        hass.states.async_set(
            "sensor.nordpool",
            "0.4",
            {
                "raw_today": rows(today, range(2, 5)),
                "raw_tomorrow": tomorrow,
                "tomorrow_valid": bool(tomorrow),
                "unit_of_measurement": "EUR/kWh",
                "currency": "EUR",
                "unit": "kWh",
            },
        )

    tell([])
    answer = await plan(hass, target=80, price_source={"entity_id": "sensor.nordpool"})
    assert answer["plans_again_at"] is not None
    assert "estimated" in answer["remarks"]
    tell(rows(today + timedelta(days=1), range(4, 7)))
    await passes(2_400, step=60)
    (told,) = (await call(hass, "get_charge_plan"))["cars"]
    assert all(start >= 4 and end <= 7 for start, end in hours(told["plan"]))
    assert told["in_car"]


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"price_source": {"entity_id": "sensor.nothing"}}, HomeAssistantError),
        ({"price_source": {"prices": [{"start": "soon"}], "unit": "EUR/kWh"}}, ServiceValidationError),
        ({"ready_by": "2020-01-01 07:00"}, ServiceValidationError),
        ({"target": 20, "once": True}, ServiceValidationError),
    ],
)
async def test_wish_that_makes_no_sense_is_refused_in_words(
    hass: HomeAssistant,
    entry: ScoutWorkerConfigEntry,
    car: Car,
    wish: dict[str, Any],
    error: type[Exception],
) -> None:
    """Nothing is sent, and nothing planned."""
    with pytest.raises(error) as raised:
        await plan(hass, **wish)
    assert getattr(raised.value, "translation_key", None)
    assert car.charge_schedules == []
    assert value(hass, PLAN) == "none"


async def test_plan_survives_a_restart(
    hass: HomeAssistant, simulator: FleetSimulator, entry: ScoutWorkerConfigEntry, car: Car
) -> None:
    """It is there at once, and nothing is asked for it."""
    answer = await plan(hass, target=80)
    before = billed(simulator)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert value(hass, PLAN) == "planned"
    assert value(hass, "sensor.scout_planned_charge_start") == answer["windows"][0]["start"]
    assert billed(simulator) <= before + 1


async def test_what_a_charge_cost_is_told(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car, passes: Pass
) -> None:
    """When it has ended, by the wall's energy and the prices of its hours."""
    await plan(hass, target=80)
    start = time.time()
    await passes(at(8) - start, step=120)
    spent = car.energy(start, time.time()).wall_kwh
    assert float(value(hass, "sensor.scout_last_charge_cost")) == pytest.approx(spent * 0.10, rel=0.15)


def _hour(told: str) -> int:
    return datetime.fromisoformat(told).astimezone(BERLIN).hour


@pytest.mark.parametrize(
    ("field", "value", "key"),
    [
        ("ready_by", "soon", "plan_moment_wrong"),
        ("earliest", "25:00", "plan_moment_wrong"),
        ("target", 120, "plan_level_wrong"),
        ("target", "full", "plan_level_wrong"),
        ("min_level", 0, "plan_level_wrong"),
    ],
)
async def test_value_that_is_none_is_refused_in_words(
    hass: HomeAssistant,
    simulator: FleetSimulator,
    entry: ScoutWorkerConfigEntry,
    field: str,
    value: Any,
    key: str,
) -> None:
    """The field and what was typed are named; nothing is asked of Tesla."""
    before = billed(simulator)
    with pytest.raises(ServiceValidationError) as raised:
        await plan(hass, **{field: value})
    assert raised.value.translation_key == key
    assert raised.value.translation_placeholders == {"field": field, "value": str(value)}
    assert billed(simulator) == before


async def test_trial_of_another_plan_tells_that_it_is_not_in_the_car(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car
) -> None:
    """The car has one, but not this one."""
    assert (await plan(hass, target=80))["in_car"]
    answer = await plan(hass, target=70, dry_run=True)
    assert (answer["in_car"], answer["problem"]) == (False, None)
    assert (await plan(hass, target=80))["in_car"]


async def test_need_without_a_target_is_a_full_battery_as_late_as_is_cheap(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry, car: Car
) -> None:
    """It can be days away: of two nights that cost the same the later one is taken."""
    ready = datetime.fromtimestamp(at(7), BERLIN) + timedelta(days=2)
    answer = await plan(hass, once=True, ready_by=ready.isoformat(), price_source=night_rate())
    assert answer["reaches_level"] == 100
    first = datetime.fromisoformat(answer["windows"][0]["start"])
    assert ready - first < timedelta(hours=10)
    assert car.battery(time.time()).limit == 100


async def test_earliest_that_has_just_passed_is_no_bound(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: ScoutWorkerConfigEntry
) -> None:
    """Each night's automation says from ten on: at half past ten that is not tomorrow's."""
    freezer.move_to(datetime.fromtimestamp(at(22, 30), BERLIN))
    answer = await plan(
        hass, target=70, earliest="22:00", ready_by="07:00", price_source=night_rate(), dry_run=True
    )
    assert answer["limited_by"] == "nothing"
    early = await plan(
        hass, target=70, earliest="03:00", ready_by="07:00", price_source=night_rate(), dry_run=True
    )
    assert datetime.fromisoformat(early["windows"][0]["start"]).astimezone(BERLIN).hour >= 3


async def test_need_that_no_limit_can_be_is_refused(
    hass: HomeAssistant, entry: ScoutWorkerConfigEntry
) -> None:
    """A car has no limit below 50 %."""
    with pytest.raises(ServiceValidationError) as raised:
        await plan(hass, target=40, once=True)
    assert raised.value.translation_key == "plan_need_wrong"
