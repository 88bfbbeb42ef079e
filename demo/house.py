"""What the Home Assistant of the demo has beside the integration: a wall box, prices, automations, a page, and a key.

The key pair is what a set-up with an app of one's own makes; the demo pastes a token instead, so it is laid there before.
"""

from datetime import datetime
from pathlib import Path
import time
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from .configuration import write_store
from .market import ENTITY as PRICE, SLOT
from .server import HomeAssistantServer
from .world import World

CABLE: Final = "input_boolean.wall_box_cable"

YAML: Final = """\
input_boolean:
  wall_box_cable:
    name: Wall box cable
    icon: mdi:ev-plug-type2
automation: !include automations.yaml
lovelace:
  dashboards:
    demo-charging:
      mode: yaml
      title: Scout Worker
      icon: mdi:ev-station
      show_in_sidebar: true
      filename: charging.yaml
"""

_AUTOMATIONS: Final = f"""\
- id: demo_cable
  alias: The cable goes in, so the car is read
  description: A wall box that tells of its cable saves the wait for the next look.
  triggers:
    - trigger: state
      entity_id: {CABLE}
      from: "off"
      to: "on"
  actions:
    - action: tesla_scout_worker.run_worker
"""

_BLUEPRINTS: Final = Path("blueprints", "automation", "tesla_scout_worker")
BLUEPRINT: Final = "tesla_scout_worker/charge_on_arrival.yaml"
_CHECKOUT: Final = Path(__file__).resolve().parent.parent

_PAGE: Final = f"""\
views:
  - title: Scout
    path: scout
    cards:
      - type: entities
        title: Coming home
        entities:
          - binary_sensor.scout_at_home
          - sensor.scout_distance_to_home
          - sensor.scout_next_look
          - sensor.scout_last_full_read
          - sensor.scout_cause_of_last_full_read
      - type: map
        entities:
          - device_tracker.scout_location
          - zone.home
      - type: entities
        title: Charging
        entities:
          - {CABLE}
          - sensor.scout_charging
          - sensor.scout_battery
          - number.scout_charge_limit
          - sensor.scout_charging_power
          - sensor.scout_charge_plan
          - sensor.scout_planned_charge_start
          - sensor.scout_planned_charge_cost
          - sensor.scout_last_charge_cost
      - type: history-graph
        title: Price and power
        hours_to_show: 1
        entities:
          - {PRICE}
          - sensor.scout_charging_power
      - type: calendar
        title: Schedules in the car
        initial_view: listWeek
        entities:
          - calendar.scout_schedules
      - type: entities
        title: What Tesla bills
        entities:
          - sensor.tesla_scout_cost_this_month
          - sensor.tesla_scout_cost_of_a_fixed_poll_this_month
"""


class House:
    """Lets Home Assistant know what a wall box and a power exchange say."""

    def __init__(self, world: World, server: HomeAssistantServer) -> None:
        """Initialize; nothing is told yet."""
        self._world = world
        self.server = server
        self._cable: bool | None = None
        self._price: dict[str, Any] | None = None
        self._ready_by: float | None = None

    async def live(self) -> None:
        """Tell what has changed."""
        price = self._world.market.state(time.time())
        if price != self._price:
            self._price = price
            await self.server.set_state(PRICE, price)
        cable = self._world.is_plugged
        if cable is not self._cable:
            self._cable = cable
            await self.server.turn(CABLE, is_on=cable)

    async def plan_ahead(self) -> None:
        """Make an automation of the blueprint, or change when the car must be ready: before the prices end that are known."""
        ready_by = self._world.market.end - SLOT
        if ready_by != self._ready_by:
            self._ready_by = ready_by
            told = datetime.fromtimestamp(ready_by, self._world.car.zone)
            chosen = {
                "car": await self.server.render("{{ device_id('sensor.scout_charge_plan') }}"),
                "ready_by": f"{told:%H:%M:%S}",
                "max_windows": 1,
            }
            automation = {
                "alias": "Charge at the cheapest hours after coming home",
                "use_blueprint": {"path": BLUEPRINT, "input": chosen},
            }
            await self.server.automate("demo_plan", automation)


def furnish(folder: Path) -> ec.EllipticCurvePublicKey:
    """Lay page, blueprint and virtual key into a configuration folder; return the key's public half, for the car.

    The key is as `custom_components.tesla_scout_worker.virtual_key` stores it.
    """
    (folder / "charging.yaml").write_text(_PAGE, encoding="utf-8")
    (folder / "automations.yaml").write_text(_AUTOMATIONS, encoding="utf-8")
    blueprints = folder / _BLUEPRINTS
    blueprints.parent.mkdir(parents=True)
    blueprints.symlink_to(_CHECKOUT / _BLUEPRINTS)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    store = "tesla_scout_worker.virtual_key"
    write_store(folder, store, (1, 1), {"private_key": pem, "is_served": False, "domain": None})
    return key.public_key()
