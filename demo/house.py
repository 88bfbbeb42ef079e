"""What the Home Assistant of the demo has beside the integration: a wall box, prices, automations, a dashboard, and a key.

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
DASHBOARD: Final = "scout-worker"

YAML: Final = """\
input_boolean:
  wall_box_cable:
    name: Wall box cable
    icon: mdi:ev-plug-type2
automation: !include automations.yaml
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

# Beside the dashboard that each owner gets: what only this house has.
_OF_THE_HOUSE: Final[dict[str, Any]] = {
    "type": "grid",
    "cards": [
        {"type": "heading", "heading": "This house", "icon": "mdi:home-lightning-bolt"},
        {"type": "tile", "entity": CABLE, "grid_options": {"columns": "full"}},
        {
            "type": "history-graph",
            "hours_to_show": 1,
            "entities": [PRICE, "sensor.scout_charging_power"],
            "grid_options": {"columns": "full"},
        },
    ],
}
_GRAPH: Final = "history-graph"


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

    async def show(self) -> None:
        """Make the dashboard as an owner does, from the answer of the action, and let Home Assistant open with it."""
        dashboard = await self.server.act("get_dashboard")
        sections = dashboard["views"][0]["sections"]
        for card in (card for section in sections for card in section["cards"] if card["type"] == _GRAPH):
            # A month is yet to come.
            card["hours_to_show"] = 1
        sections.insert(3, _OF_THE_HOUSE)
        await self.server.show(DASHBOARD, "Scout & Worker", "mdi:car-electric", dashboard)

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
    """Lay automations, blueprint and virtual key into a configuration folder; return the key's public half, for the car.

    The key is as `custom_components.tesla_scout_worker.virtual_key` stores it.
    """
    (folder / "automations.yaml").write_text(_AUTOMATIONS, encoding="utf-8")
    blueprints = folder / _BLUEPRINTS
    blueprints.parent.mkdir(parents=True)
    blueprints.symlink_to(_CHECKOUT / _BLUEPRINTS)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    store = "tesla_scout_worker.virtual_key"
    write_store(folder, store, (1, 1), {"private_key": pem, "is_served": False, "domain": None})
    return key.public_key()
