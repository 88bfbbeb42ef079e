"""A real Home Assistant as a child process on loopback, with a configuration made for the occasion."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
import os
from pathlib import Path
import signal
import socket
import sys
from typing import Any, Final

import aiohttp

from .configuration import write_configuration, write_store

USER: Final = "demo"
_START_TIMEOUT: Final = 300.0
_STOP_TIMEOUT: Final = 30.0
_CHECKOUT: Final = Path(__file__).resolve().parent.parent

# Everything that onboarding asks but the user, which must go through its API to be logged in with.
_ONBOARDING: Final = {"done": ["core_config", "analytics", "integration"]}


class ServerError(Exception):
    """Home Assistant did not do what the demo needs."""


def free_port(wanted: int) -> int:
    """Return the wanted port if it is free on loopback, else another one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServerError("no free port on 127.0.0.1")


class HomeAssistantServer:
    """One configuration folder and the process that runs on it; it can be killed and started again."""

    def __init__(
        self, folder: Path, home: tuple[float, float], radius: float, port: int, more: str = ""
    ) -> None:
        """Initialize. home: degrees. radius: of the home zone, metres. more: YAML for the configuration."""
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self._token = ""
        self._write_configuration(home, radius, port, more)

    def _write_configuration(self, home: tuple[float, float], radius: float, port: int, more: str) -> None:
        (self.folder / ".storage").mkdir(parents=True)
        write_configuration(
            self.folder,
            home,
            radius,
            "127.0.0.1",
            port,
            "frontend",
            "config",
            "history",
            "logbook",
            more=more,
        )
        write_store(self.folder, "onboarding", (4, 1), _ONBOARDING)
        (self.folder / "custom_components").symlink_to(_CHECKOUT / "custom_components")

    @property
    def log(self) -> str:
        """Return what Home Assistant printed."""
        path = self.folder / "output.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    async def start(self) -> None:
        """Start the process and wait until it answers. Raises ServerError where it does not."""
        with (self.folder / "output.log").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "homeassistant",
                "--config",
                str(self.folder),
                # What it needs is in requirements_test.txt; nothing is fetched while the demo runs.
                "--skip-pip",
                stdout=output,
                stderr=output,
                stdin=asyncio.subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(_CHECKOUT), "NO_COLOR": "1"},
                # A Ctrl-C in the terminal is for the demo, which stops this process in its own time.
                start_new_session=True,
            )
        self._session = self._session or aiohttp.ClientSession()
        try:
            async with asyncio.timeout(_START_TIMEOUT):
                while not await self._answers():
                    if self._process.returncode is not None:
                        raise ServerError(f"Home Assistant ended at start:\n{self.log[-3000:]}")
                    await asyncio.sleep(0.5)
        except TimeoutError:
            raise ServerError(f"Home Assistant did not start:\n{self.log[-3000:]}") from None

    async def _answers(self) -> bool:
        try:
            async with self._http.get(f"{self.url}/manifest.json") as response:
                return response.status == 200  # noqa: PLR2004
        except aiohttp.ClientError, OSError:
            return False

    async def kill(self) -> None:
        """End the process as a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """End the process and release what belongs to it."""
        await self._end(signal.SIGTERM)
        if self._session:
            await self._session.close()

    async def _end(self, how: signal.Signals) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        os.killpg(self._process.pid, how)
        try:
            async with asyncio.timeout(_STOP_TIMEOUT):
                await self._process.wait()
        except TimeoutError:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    # --- its API ----------------------------------------------------------------------------------

    @property
    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise ServerError("Home Assistant was not started")
        return self._session

    async def log_in(self) -> None:
        """Make the user demo/demo and get a token, once for the life of the folder."""
        client_id = f"{self.url}/"
        user = {"name": "Demo", "username": USER, "password": USER, "client_id": client_id, "language": "en"}
        made = await self._call("POST", "/api/onboarding/users", json=user)
        form = {"grant_type": "authorization_code", "code": made["auth_code"], "client_id": client_id}
        granted = await self._call("POST", "/auth/token", data=form)
        self._token = str(granted["access_token"])

    async def set_up(self, user_input: Mapping[str, Any]) -> str:
        """Set the integration up through its config flow; return the entry's id. Raises ServerError with the reason."""
        flow = await self._call(
            "POST", "/api/config/config_entries/flow", json={"handler": "tesla_scout_worker"}
        )
        path = f"/api/config/config_entries/flow/{flow['flow_id']}"
        await self._call("POST", path, json={"next_step_id": "paste"})
        done = await self._call("POST", path, json=dict(user_input))
        if done["type"] != "create_entry":
            raise ServerError(f"the dialog answered {done.get('errors') or done.get('reason')}")
        return str(done["result"]["entry_id"])

    async def set_option(self, entry_id: str, *menu: str, **user_input: Any) -> None:
        """Go through the options dialog to one of its forms and fill it in. Raises ServerError with the reason."""
        flow = await self._call("POST", "/api/config/config_entries/options/flow", json={"handler": entry_id})
        path = f"/api/config/config_entries/options/flow/{flow['flow_id']}"
        for step in menu:
            await self._call("POST", path, json={"next_step_id": step})
        done = await self._call("POST", path, json=user_input)
        if done["type"] != "create_entry":
            raise ServerError(f"the options answered {done.get('errors') or done.get('reason')}")

    async def states(self) -> dict[str, dict[str, Any]]:
        """Return all states by entity id."""
        return {state["entity_id"]: state for state in await self._call("GET", "/api/states")}

    async def version(self) -> str:
        """Return the version of Home Assistant."""
        return str((await self._call("GET", "/api/config"))["version"])

    async def act(self, action: str, data: Mapping[str, Any] | None = None) -> Any:
        """Call an action of the integration; return its response."""
        answer = await self._call(
            "POST", f"/api/services/tesla_scout_worker/{action}?return_response", json=dict(data or {})
        )
        return answer["service_response"]

    async def set_state(self, entity_id: str, state: Mapping[str, Any]) -> None:
        """Set a state, as an integration that the demo does not have would. state: with its attributes."""
        await self._call("POST", f"/api/states/{entity_id}", json=dict(state))

    async def turn(self, entity_id: str, *, is_on: bool) -> None:
        """Turn an entity on or off."""
        action = "turn_on" if is_on else "turn_off"
        await self._call("POST", f"/api/services/homeassistant/{action}", json={"entity_id": entity_id})

    async def render(self, template: str) -> str:
        """Return what a template says."""
        async with self._http.post(
            f"{self.url}/api/template", json={"template": template}, headers=self._headers
        ) as response:
            return (await response.text()).strip()

    async def automate(self, key: str, automation: Mapping[str, Any]) -> None:
        """Make or change an automation, as the editor does."""
        await self._call("POST", f"/api/config/automation/config/{key}", json=dict(automation))

    async def show(self, path: str, title: str, icon: str, dashboard: Mapping[str, Any]) -> None:
        """Make a dashboard, and let Home Assistant open with it. dashboard: as its raw configuration editor has it."""
        made = {"url_path": path, "title": title, "icon": icon, "mode": "storage"}
        await self._ask("lovelace/dashboards/create", **made)
        await self._ask("lovelace/config/save", url_path=path, config=dict(dashboard))
        await self._ask("frontend/set_system_data", key="core", value={"default_panel": path})

    async def flows(self) -> list[dict[str, Any]]:
        """Return the config flows in progress of the integration: a request to sign in anew is one."""
        found = await self._ask("config_entries/flow/progress")
        return [flow for flow in found if flow["handler"] == "tesla_scout_worker"]

    async def _ask(self, kind: str, **more: Any) -> Any:
        """Ask what only the web socket answers. Raises ServerError with the reason."""
        async with self._http.ws_connect(f"{self.url}/api/websocket") as connection:
            await connection.receive_json()
            await connection.send_json({"type": "auth", "access_token": self._token})
            await connection.receive_json()
            await connection.send_json({"id": 1, "type": kind, **more})
            answer = await connection.receive_json()
        if not answer["success"]:
            raise ServerError(f"{kind}: {answer['error']}")
        return answer["result"]

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    async def _call(self, method: str, path: str, **kwargs: Any) -> Any:
        async with self._http.request(method, self.url + path, headers=self._headers, **kwargs) as response:
            if response.status >= 400:  # noqa: PLR2004
                raise ServerError(f"{method} {path}: {response.status} {await response.text()}")
            return await response.json()


@asynccontextmanager
async def running(server: HomeAssistantServer) -> AsyncIterator[HomeAssistantServer]:
    """Start a server; whatever happens, nothing of it is left running."""
    try:
        await server.start()
        yield server
    finally:
        await server.stop()
