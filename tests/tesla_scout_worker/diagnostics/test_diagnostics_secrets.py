"""Nothing that tells who the owner is or where he is, and nothing by which his car could be used, is in a downloaded file."""

import base64
from hashlib import sha256
import re
from typing import Any

from bench import VIN, WORK, Pass, SetUp, settle
from charge_bench import pair
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.diagnostics import REDACTED
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from lookout import SECOND_VIN, call, park_at
from told_bench import ClientMaker, download

from custom_components.tesla_scout_worker.command_repairs import tell_unpaired
from custom_components.tesla_scout_worker.const import DOMAIN
from custom_components.tesla_scout_worker.redaction import Scrubber, block_told
from custom_components.tesla_scout_worker.virtual_key import async_virtual_key
from fleet_simulator import HOME, Account, Drive, FleetSimulator
from fleet_simulator.certificate import self_signed

# Made before a test stops the clock: what makes certificates wants the true time.
CERTIFICATE = self_signed("127.0.0.1").certificate.decode()
GRANNY = (48.858370, 2.294481)
PLACES = (*WORK, *HOME, *GRANNY)
ZONE = "zone.grandmothers_house"
WORDS = (
    "quxmobile", "zyzzyva", "grandmother", "owner@example", "markedgarage", "markedtariff", "markedproxy", "markedaddon",
    "markedschedule", "markedplace", "markedstreet", "markedsong", "markedoption", "markedcaller", "markeddomain",
)  # fmt: skip
OPTIONS: dict[str, Any] = {
    "home_zones": ["zone.home", ZONE],
    "share_access_token": True,
    "eyes": {VIN: {"home": ["binary_sensor.markedgarage"], "look": ["cover.markedgarage"]}},
    "price_source": {
        "entity_id": ["sensor.markedtariff"],
        "data": {"key": "markedoption"},
        "unit": "EUR/kWh",
    },
    "commands": {
        "transport": "signed",
        "proxy_url": "https://markedproxy.example:4443",
        "certificate": CERTIFICATE,
        "add_on": "markedaddon",
    },
    VIN: "markedoption",
    "markedoption": {SECOND_VIN: {"latitude": GRANNY[0]}},
}


def leaks(text: str, secrets: set[str]) -> list[str]:
    """Return what of all that is in a text. Coordinates are looked for to a hundred metres."""
    found = [word for word in WORDS if word in text.lower()]
    found += [secret for secret in secrets if secret.lower() in text.lower()]
    for number in re.findall(r"-?\d+\.\d{3,}", text):
        found += [number for place in PLACES if abs(float(number) - place) < 0.001]
    return found


def secrets_of(simulator: FleetSimulator, account: Account, private_pem: str, entry_id: str) -> set[str]:
    """Return every token, key, id and VIN there is, and what a VIN is easily hidden as."""
    tokens = simulator.all_secrets()
    cars = account.cars.values()
    return {
        *tokens,
        *(token.rpartition(".")[2] for token in tokens if token.startswith("eyJ")),
        *(line for line in private_pem.splitlines() if len(line) > 30 and "-" not in line),
        *(line for line in CERTIFICATE.splitlines() if len(line) > 60),
        simulator.client_id,
        simulator.client_secret,
        *(car.vin for car in cars),
        *(car.vin[-8:] for car in cars),
        *(sha256(car.vin.encode()).hexdigest()[:12] for car in cars),
        *(sha256(f"{entry_id} {car.vin}".encode()).hexdigest()[:12] for car in cars),
        *(base64.b64encode(car.vin.encode()).decode() for car in cars),
        *(str(number) for car in cars for number in (car.id, car.vehicle_id)),
    }


async def test_marked_secrets_are_nowhere_in_the_files(
    hass: HomeAssistant,
    hass_client: ClientMaker,
    simulator: FleetSimulator,
    account: Account,
    set_up: SetUp,
    passes: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Every place where a secret can be typed, named, read or answered has one; the whole file is searched."""
    hass.states.async_set(
        ZONE,
        "0",
        {"latitude": GRANNY[0], "longitude": GRANNY[1], "radius": 100, "friendly_name": "Grandmother"},
    )
    car = account.add_car(VIN, "Quxmobile", WORK, 62.0)
    account.add_car(SECOND_VIN, "Zyzzyva", WORK, 50.0)
    token = account.issue_access_token()

    def _spoil(response: dict[str, Any]) -> dict[str, Any]:
        odd = {
            "mystery": "5 MarkedStreet, 12345 Town", "note": token, VIN: 1, "MarkedPlace": 1, "vin": VIN,
            "odd": f"car {VIN.lower()}", "nested": [{"native_latitude": WORK[0], "lon": WORK[1], "deep": {"x": token}}],
            "where": {"lat": WORK[0], "place_name": "MarkedPlace"}, "now_playing_title": "MarkedSong", "id_s": "4711",
            "media_info": {"title": "MarkedSong", "audio": 3},
        }  # fmt: skip
        return {
            **response,
            **{key: {**block, **odd} for key, block in response.items() if isinstance(block, dict)},
        }

    car.transform = _spoil
    for latitude, longitude in (HOME, GRANNY):
        car.charge_schedules.append(
            {
                "id": 7,
                "name": "MarkedSchedule",
                "days_of_week": 127,
                "start_enabled": True,
                "start_time": 60,
                "end_enabled": False,
                "enabled": True,
                "latitude": latitude,
                "longitude": longitude,
            }
        )
    await pair(hass, car)
    entry = await set_up(account, OPTIONS)
    now = simulator.clock()
    car.stay_awake(now, now + 86_400)
    car.drive(Drive([(0.0, *WORK), (900.0, *HOME)], now + 60), "MarkedPlace")
    await passes(600, step=30)
    on_the_way = await download(hass, hass_client, entry)
    await passes(900, step=30)
    park_at(car, HOME)
    await passes(600, step=30)
    car.plug_in(simulator.clock())
    await call(hass, "get_access_token")
    tell_unpaired(hass, entry, VIN, domain="markeddomain.example", is_proxys=False)
    tell_unpaired(hass, entry, SECOND_VIN, domain=None, is_proxys=False)
    hass.states.async_remove(ZONE)
    await settle(hass)
    assert len([1 for domain, _ in ir.async_get(hass).issues if domain == DOMAIN]) == 3

    private_pem = (await async_virtual_key(hass)).private_key_pem
    secrets = secrets_of(simulator, account, private_pem, entry.entry_id)
    names = (None, VIN, SECOND_VIN, str(entry.unique_id))
    texts = [on_the_way, *[await download(hass, hass_client, entry, name) for name in names]]
    account.revoke()
    freezer.tick(9 * 3_600)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert entry.state is not ConfigEntryState.LOADED
    texts.append(await download(hass, hass_client, entry))
    secrets |= simulator.all_secrets() | {str(entry.unique_id)}
    for text in texts:
        assert leaks(text, secrets) == []
        assert '"car 1"' in text
    # It is the secrets that are missing, not what they stand beside.
    assert '"native_latitude": "**REDACTED**"' in texts[1]
    assert '"is_named": true' in texts[1]
    assert '"kind": "key_not_paired"' in texts[1]


def test_a_field_that_is_not_surely_harmless_keeps_its_name_alone() -> None:
    """By the name of the field, or by what its value looks like; the rest stays as the car told it."""
    block = {
        "battery_level": 61, "charging_state": "Stopped", "car_version": "2026.32.6 0a1b2c3d4e5f", "locked": True,
        "latitude": 52.5, "active_route_destination": "Cafe", "id_s": "12", "vehicle_name": None, "native_type": "",
        "valet_pin_needed": False, "speech": "Zoo, 3rd gate", "key": "a1" * 20, "list": [1, {"gps_as_of": 5}],
    }  # fmt: skip
    assert block_told(block) == {
        "battery_level": 61, "charging_state": "Stopped", "car_version": "2026.32.6 0a1b2c3d4e5f", "locked": True,
        "latitude": REDACTED, "active_route_destination": REDACTED, "id_s": REDACTED, "vehicle_name": None,
        "native_type": "", "valet_pin_needed": False, "speech": REDACTED, "key": REDACTED,
        "list": [1, {"gps_as_of": REDACTED}],
    }  # fmt: skip
    deep: Any = "x"
    for _ in range(20):
        deep = {"a": deep}
    assert REDACTED in str(block_told(deep))


def test_the_last_net_finds_keys_and_parts() -> None:
    """A known secret goes from keys, from within texts and in any case; nothing too short to be one does."""
    net = Scrubber({VIN: "car 1", "abc": "never", "": "never"})
    assert net.scrub({f"of {VIN.lower()}": [f"{VIN}!", ("abc", 5)]}) == {"of car 1": ["car 1!", ["abc", 5]]}
    assert Scrubber({}).scrub("as it is") == "as it is"
