"""The page where an owner signs in, over HTTP, as a browser sees it."""

from typing import Any
from urllib.parse import parse_qs

import pytest
from sim_bench import Bench, bench
from sim_page import Page, Seen
from yarl import URL

pytestmark = pytest.mark.usefixtures("socket_enabled")

CALLBACK = "https://ha.example/auth/external/callback"
SCOPE = "openid offline_access vehicle_device_data vehicle_location"


def asking(b: Bench, **changes: str | None) -> dict[str, str]:
    query: dict[str, str | None] = {
        "response_type": "code",
        "client_id": b.sim.client_id,
        "redirect_uri": CALLBACK,
        "scope": SCOPE,
        "state": "st/1 &=ü",
        **changes,
    }
    return {name: value for name, value in query.items() if value is not None}


async def see(b: Bench, form: dict[str, Any] | None = None, **changes: str | None) -> Seen:
    """Open the page, or send its form to its own URL."""
    method = "GET" if form is None else "POST"
    async with b.session.request(
        method, b.sim.authorize_url, params=asking(b, **changes), data=form, allow_redirects=False
    ) as response:
        location = response.headers.get("Location")
        assert response.content_type == "text/html"
        return Seen(response.status, Page(await response.text()), None if location is None else URL(location))


def allowing(b: Bench, *scopes: str, account: str | None = None) -> dict[str, Any]:
    return {"account": account or b.account.name, "scope": list(scopes), "decision": "allow"}


async def test_the_page_shows_who_asks_for_what() -> None:
    async with bench() as b:
        b.sim.add_account("jane.doe@example.com")
        b.sim.auth.app_name = "Garage <script>alert(1)</script>"
        seen = await see(b)
        page = seen.page
        assert seen.status == 200
        assert page.form is not None
        # No action: a browser sends the form to the page's own URL, the request in its query.
        assert page.form == {"method": "post"}
        assert page.accounts == ["owner@example.com", "jane.doe@example.com"]
        assert "Jane Doe" in page.text
        assert list(page.boxes) == SCOPE.split()
        assert all("checked" in box for box in page.boxes.values())
        assert {scope for scope, box in page.boxes.items() if "disabled" in box} == {
            "openid",
            "offline_access",
        }
        assert page.buttons == ["allow", "deny"]
        assert "script" not in page.tags
        assert "Garage <script>" in page.text
        assert "ha.example" in page.text


async def test_everything_from_outside_is_escaped() -> None:
    async with bench() as b:
        b.sim.add_account('"><script>x</script>@example.com')
        page = (await see(b, redirect_uri='https://h.example/"><script>y</script>')).page
        assert "script" not in page.tags
        assert page.accounts[1] == '"><script>x</script>@example.com'
        assert "script" not in (await see(b, client_id="<script>")).page.tags


async def test_without_an_account_the_page_says_so() -> None:
    async with bench() as b:
        b.sim.accounts.clear()
        page = (await see(b)).page
        assert page.form is None
        assert "no account" in page.text


async def test_allowing_brings_a_code_that_can_be_exchanged_once() -> None:
    async with bench() as b:
        seen = await see(b, allowing(b, *SCOPE.split()))
        assert seen.location is not None
        assert str(seen.location).startswith(f"{CALLBACK}?")
        assert seen.back["state"] == "st/1 &=ü"
        assert set(seen.back) == {"code", "state"}
        form = {
            "grant_type": "authorization_code",
            "client_id": b.sim.client_id,
            "client_secret": b.sim.client_secret,
            "audience": b.sim.api_url,
            "redirect_uri": CALLBACK,
            "code": seen.back["code"],
        }
        reply = await b.token_call(**form)
        assert reply.status == 200
        assert b.account.accepts(reply.body["refresh_token"])
        b.token = reply.body["access_token"]
        assert (await b.state()).status == 200
        assert (await b.token_call(**form)).body["error"] == "invalid_auth_code"


async def test_a_refresh_token_is_given_only_where_it_was_asked_for() -> None:
    async with bench() as b:
        assert "offline_access" in b.account.scopes
        seen = await see(b, allowing(b), scope="openid vehicle_device_data")
        reply = await b.token_call(
            grant_type="authorization_code",
            client_id=b.sim.client_id,
            client_secret=b.sim.client_secret,
            audience=b.sim.api_url,
            redirect_uri=CALLBACK,
            code=seen.back["code"],
        )
        assert reply.status == 200
        assert "refresh_token" not in reply.body


async def test_denying_goes_back_without_a_code() -> None:
    async with bench() as b:
        before = set(b.account.scopes)
        seen = await see(b, {"account": b.account.name, "decision": "deny"})
        assert seen.back["error"] == "access_denied"
        assert seen.back["state"] == "st/1 &=ü"
        assert "code" not in seen.back
        assert b.account.scopes == before


async def test_a_redirect_uri_keeps_its_own_query() -> None:
    async with bench() as b:
        uri = "https://ha.example/back?flow=a%26b&flow=c"
        for form in (allowing(b), {"decision": "deny"}):
            location = (await see(b, form, redirect_uri=uri)).location
            assert location is not None
            asked = parse_qs(location.query_string)
            assert asked["flow"] == ["a&b", "c"]
            assert asked["state"] == ["st/1 &=ü"]


async def test_the_boxes_decide_what_is_granted() -> None:
    async with bench(scopes={"user_data", "vehicle_location", "vehicle_cmds"}) as b:
        granted = b.account.scopes
        await see(b, allowing(b, "vehicle_device_data", "energy_cmds"))
        # Not shown: kept. Shown and unchecked: gone. Fixed: granted. Checked but not asked for: not granted.
        assert granted == {"user_data", "vehicle_cmds", "vehicle_device_data", "openid", "offline_access"}


async def test_required_scopes_cannot_be_unchecked() -> None:
    async with bench(scopes=set()) as b:
        page = (await see(b, require_requested_scopes="true")).page
        assert all("disabled" in box for box in page.boxes.values())
        await see(b, allowing(b), require_requested_scopes="true")
        assert b.account.scopes == set(SCOPE.split())


async def test_the_account_that_was_chosen_signs_in() -> None:
    async with bench() as b:
        other = b.sim.add_account("jane@example.com", scopes=set())
        await see(b, allowing(b, "vehicle_location", account=other.name))
        assert "vehicle_location" in other.scopes
        assert "vehicle_device_data" in b.account.scopes


@pytest.mark.parametrize("form", [None, {"account": "owner@example.com", "decision": "allow"}])
@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"},
        {"client_id": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": f"{CALLBACK}/more"},
        {"redirect_uri": None},
        {"state": None},
        {"state": ""},
    ],
)
async def test_a_doubtful_request_ends_on_a_page(
    changes: dict[str, Any], form: dict[str, str] | None
) -> None:
    async with bench() as b:
        b.sim.auth.redirect_uris = {CALLBACK}
        assert (await see(b)).status == 200
        seen = await see(b, form, **changes)
        assert (seen.status, seen.location) == (400, None)
        assert seen.page.form is None
        assert "does not work" in seen.page.text


@pytest.mark.parametrize("uri", ["/relative", "nothing", "https://ha.example/#fragment", "https://[bad/"])
async def test_a_uri_that_cannot_be_gone_back_to_ends_on_a_page(uri: str) -> None:
    async with bench() as b:
        assert (await see(b, redirect_uri=uri)).status == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"code_challenge": "x" * 43}, "invalid_request"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "x" * 42, "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge": "", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
async def test_other_mistakes_go_back_to_the_app(changes: dict[str, Any], error: str) -> None:
    async with bench() as b:
        seen = await see(b, **changes)
        assert seen.back["error"] == error
        assert seen.back["state"] == "st/1 &=ü"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"decision": "allow"},
        {"decision": "allow", "account": "nobody@example.com"},
        {"account": "owner@example.com"},
    ],
)
async def test_a_form_that_decides_nothing_is_refused(form: dict[str, str]) -> None:
    async with bench(scopes=set()) as b:
        assert (await see(b, form)).status == 400
        assert b.account.scopes == set()


async def test_a_form_is_a_form() -> None:
    async with bench() as b:
        body = f"account={b.account.name}&decision=allow"
        for content_type, status in (("text/plain", 400), ("application/x-www-form-urlencoded", 302)):
            headers = {"Content-Type": content_type}
            async with b.session.post(
                b.sim.authorize_url, params=asking(b), data=body, headers=headers, allow_redirects=False
            ) as response:
                assert response.status == status


async def test_no_page_is_kept_and_no_query_written_down() -> None:
    async with bench() as b:
        async with b.session.get(b.sim.authorize_url, params=asking(b)) as response:
            assert response.headers["Cache-Control"] == "no-store"
        await see(b, allowing(b))
        assert [(r.kind, r.method, r.query, r.status) for r in b.sim.requests] == [
            ("authorize", "GET", "", 200),
            ("authorize", "POST", "", 302),
        ]
