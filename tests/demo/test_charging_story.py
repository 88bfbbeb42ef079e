"""The charge of the demo: prices that the integration reads and plans by, a key that it takes, and what counts as a success."""

from datetime import UTC, datetime
import io
import json
from pathlib import Path
import time
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from homeassistant.util.yaml import load_yaml
import pytest

from custom_components.tesla_scout_worker.price_sources.attributes import Told, prices_of
from custom_components.tesla_scout_worker.virtual_key import read_key
from custom_components.tesla_scout_worker.worker.charge_curve import ChargeCurve
from custom_components.tesla_scout_worker.worker.plan_request import PlanRequest
from custom_components.tesla_scout_worker.worker.planner import plan
from demo.__main__ import trouble
from demo.charging import ChargingStory
from demo.house import BLUEPRINT, YAML, furnish
from demo.market import Market
from demo.story import Story
from demo.world import World, way_home

NOW = 1_800_000_030.0


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def test_plan_finds_the_cheap_minutes() -> None:
    """The integration reads the prices of the squeezed day, and what the car needs fits into its valley."""
    market = Market.cheap_after(NOW)
    assert NOW < market.cheap_from <= NOW + 60
    state = market.state(NOW)
    prices = prices_of(state["attributes"], UTC, Told())
    assert (len(prices.slots), prices.currency) == (24, "EUR")
    assert prices.slots[0].start == market.begin
    assert prices.at(NOW) == market.price(NOW) == float(state["state"])
    request = PlanRequest(
        level=61, target=65, deadline=NOW + 720, curve=ChargeCurve(75.0, 55.2), max_windows=1, zone=UTC
    )
    (window,) = plan(request, prices, NOW).windows
    assert market.cheap_from <= window.start < window.end <= market.cheap_until


def test_key_is_one_that_the_integration_takes(tmp_path: Path) -> None:
    """It is laid where the integration looks for it, and the car knows its other half."""
    (tmp_path / ".storage").mkdir()
    public = furnish(tmp_path)
    stored = json.loads(
        (tmp_path / ".storage" / "tesla_scout_worker.virtual_key").read_text(encoding="utf-8")
    )
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert read_key(stored["data"]["private_key"]).public_point_hex == point.hex()


def test_blueprint_and_automations_are_laid_there(tmp_path: Path) -> None:
    """Home Assistant finds the blueprint of the checkout, and the automations that the editor may add to."""
    (tmp_path / ".storage").mkdir()
    furnish(tmp_path)
    blueprint = tmp_path / "blueprints" / "automation" / BLUEPRINT
    assert "tesla_scout_worker.plan_charge" in blueprint.read_text(encoding="utf-8")
    automations = load_yaml(tmp_path / "automations.yaml")
    assert isinstance(automations, list)
    assert [one["actions"] for one in automations] == [[{"action": "tesla_scout_worker.run_worker"}]]
    assert "automation: !include automations.yaml" in YAML


def test_story_tells_the_plan_and_the_cost_once() -> None:
    """What the plan stopped is no planned charge; the cost of that one ends the story."""
    out = io.StringIO()
    world = World(way_home(None, 45))
    told = ChargingStory(world, Story(world, out))
    market = world.market
    window = {"start": iso(market.cheap_from), "end": iso(market.cheap_from + 240)}
    planned = {
        "windows": [window],
        "energy_kwh": 3.2,
        "reaches_level": 65,
        "cost": 0.3,
        "currency": "EUR",
        "ready_by": iso(market.cheap_until + 60),
    }

    def states(cost: str, ended_at: float) -> dict[str, dict[str, Any]]:
        paid = {"energy_kwh": 2.6, "ended_at": iso(ended_at)}
        return {
            "sensor.scout_charge_plan": {"state": "planned", "attributes": planned},
            "sensor.scout_last_charge_cost": {"state": cost, "attributes": paid},
        }

    seen = []
    for cost, ended_at in (("0.03", -60), ("0.03", -60), ("0.24", 200), ("0.24", 200)):
        told.follow(states(cost, market.cheap_from + ended_at))
        seen.append(told.is_over)
    assert seen == [False, False, True, True]
    lines = out.getvalue()
    assert lines.count("Plan    charge from") == 1
    assert lines.count("before the plan") == 1
    assert lines.count("CHARGED for 0.24 EUR") == 1
    summary = told.summary()
    assert (summary["planned"], summary["cost"]) == (True, 0.24)


GOOD = {"planned": True, "cost": 0.24, "cheap_share": 1.0}


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        ({"arrived": True, "worker_read": True, "charge": GOOD}, None),
        ({"arrived": False, "worker_read": True, "charge": GOOD}, "arrival was not noticed"),
        ({"arrived": True, "worker_read": False, "charge": GOOD}, "did not read"),
        (
            {"arrived": True, "worker_read": True, "charge": {**GOOD, "planned": False}},
            "No charge was planned",
        ),
        ({"arrived": True, "worker_read": True, "charge": {**GOOD, "cost": None}}, "cost"),
        ({"arrived": True, "worker_read": True, "charge": {**GOOD, "cheap_share": None}}, "cheap time"),
        ({"arrived": True, "worker_read": True, "charge": {**GOOD, "cheap_share": 0.5}}, "cheap time"),
    ],
)
def test_only_a_charge_at_the_cheap_time_whose_cost_was_told_is_a_success(
    summary: dict[str, Any], words: str | None
) -> None:
    said = trouble(summary)
    assert said is None if words is None else said is not None and words in said


def test_world_has_a_market_for_each_way_home() -> None:
    world = World(way_home(None, 45))
    before = time.time()
    world.drive_home()
    assert world.plugs_in_at > before + 45
    assert 30 <= world.market.cheap_from - world.plugs_in_at <= 90
