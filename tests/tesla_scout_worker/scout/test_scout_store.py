"""What the scout knows survives a restart, and a damaged store is no reason not to start."""

from dataclasses import replace
import json
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.tesla_scout_worker.fleet.models import CloudState, Fix
from custom_components.tesla_scout_worker.scout.arrival import Presence, Whereabouts
from custom_components.tesla_scout_worker.scout.data import ScoutData
from custom_components.tesla_scout_worker.scout.home import current_zone

FULL = ScoutData(
    cloud=CloudState.ONLINE,
    online_since=1.0,
    whereabouts=Whereabouts(
        Presence.HOME, 2.0, 3.0, has_departed=True, doubted=Presence.AWAY, doubted_at=4.0, zone="zone.home"
    ),
    fix=Fix(52.0, 13.0, 5.0, 6.0, 7.0, "D", 8.0, (52.1, 13.1)),
    to_home=9.0,
    judged_by=((52.0, 13.0, 100.0), (53.0, 14.0, 80.0)),
    parked_since=10.0,
    last_look=11.0,
    last_read=12.0,
)


@pytest.mark.parametrize("data", [FULL, ScoutData(), ScoutData(fix=Fix(52.0, 13.0, 5.0))])
def test_roundtrip_through_the_disk(data: ScoutData) -> None:
    """What is written as JSON is read back the same."""
    assert ScoutData.from_dict(json.loads(json.dumps(data.as_dict()))) == data


def test_store_from_before_there_were_several_zones() -> None:
    """One circle, and whereabouts that name no zone, are read as they were meant: a restart makes no arrival."""
    old = FULL.as_dict()
    old["judged_by"] = [52.0, 13.0, 100.0]
    for key in ("zone", "told_at", "told_until"):
        del old["whereabouts"][key]
    read = ScoutData.from_dict(json.loads(json.dumps(old)))
    assert read == replace(
        FULL, judged_by=((52.0, 13.0, 100.0),), whereabouts=replace(FULL.whereabouts, zone=None)
    )


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({"cloud": "flying"}, id="unknown state"),
        pytest.param({"cloud": []}, id="state of another type"),
        pytest.param({"fix": {"latitude": 1}}, id="half a fix"),
        pytest.param({"fix": {**FULL.as_dict()["fix"], "altitude": 3}}, id="fix of a later version"),
        pytest.param({"whereabouts": {"presence": "home"}}, id="half a presence"),
        pytest.param(
            {"whereabouts": {**FULL.as_dict()["whereabouts"], "presence": "x"}}, id="unknown presence"
        ),
        pytest.param({"last_read": "yesterday"}, id="time that is a word"),
        pytest.param({"judged_by": [1, 2]}, id="half a circle"),
        pytest.param({"judged_by": []}, id="no circle"),
        pytest.param({"judged_by": [[1, 2, 3], [4]]}, id="half of two circles"),
        pytest.param({"judged_by": 5}, id="number in place of circles"),
        pytest.param({"to_home": {}}, id="distance that is an object"),
    ],
)
def test_damaged_store_is_as_good_as_none(damage: dict[str, Any]) -> None:
    """Nothing is known then, and nothing is half known."""
    assert ScoutData.from_dict({**FULL.as_dict(), **damage}) == ScoutData()


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param({"latitude": 1.0, "longitude": 2.0}, id="no radius"),
        pytest.param({"latitude": None, "longitude": 2.0, "radius": 5}, id="null"),
        pytest.param({"latitude": "north", "longitude": 2.0, "radius": 5}, id="word"),
    ],
)
def test_zone_without_a_place_is_no_zone(hass: HomeAssistant, attributes: dict[str, Any]) -> None:
    """A state that calls itself a zone and has no circle is treated as gone."""
    hass.states.async_set("zone.odd", "0", attributes)
    assert current_zone(hass, "zone.odd") is None
    assert current_zone(hass, "zone.nowhere") is None
