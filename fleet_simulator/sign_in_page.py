"""The page where an owner signs in and chooses what an app may do (third-party tokens page, authorization request)."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs

from yarl import URL

from .account import Account
from .auth import FORM, Auth
from .pkce import METHOD, well_formed
from .wire import Answer, Call

# Scope to what a person reads beside its box.
SCOPES = {
    "openid": "Sign in with this account",
    "offline_access": "Stay signed in",
    "user_data": "Profile information",
    "vehicle_device_data": "Vehicle information",
    "vehicle_location": "Vehicle location",
    "vehicle_cmds": "Vehicle commands",
    "vehicle_charging_cmds": "Vehicle charging management",
    "energy_device_data": "Energy product information",
    "energy_cmds": "Energy product settings",
}
FIXED_SCOPES = frozenset({"openid", "offline_access"})

_STYLE = """
body{margin:0;background:#f4f4f4;color:#171a20;font:16px/1.5 system-ui,sans-serif}
main{box-sizing:border-box;max-width:28rem;margin:8vh auto;padding:2rem;background:#fff;border-radius:8px}
h1{margin-top:0;font-size:1.5rem}
fieldset{margin:0 0 1.5rem;padding:0;border:0}
legend,.for-select{font-weight:600}
label{display:block;padding:.25rem 0}
select{box-sizing:border-box;width:100%;margin:.25rem 0 1.5rem;padding:.5rem;font:inherit}
button{width:100%;margin:.25rem 0;padding:.6rem;border:1px solid #3457b1;border-radius:4px;font:inherit;cursor:pointer}
.allow{background:#3457b1;color:#fff}
.deny{background:#fff;color:#3457b1}
footer{color:#5c5e62;font-size:.8rem}
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """An authorization request that may be answered at its redirect_uri."""

    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    fixed: frozenset[str]
    challenge: str | None

    def back(self, **query: str) -> Answer:
        """Return the redirect to the app, beside what its URI asks already."""
        url = URL(self.redirect_uri).extend_query({**query, "state": self.state})
        return Answer(302, "", {**_HEADERS, "Location": str(url)}, "text/html")


class SignInPage:
    """GET and POST of /oauth2/v3/authorize.

    What makes the redirect_uri doubtful (client_id, redirect_uri, state) ends on a page with 400; what else is wrong with
    a request goes back to the app as RFC 6749 (4.1.2.1) has it. The form is sent to the page's own URL, so that the request
    stands in the query of both. prompt, prompt_missing_scopes, locale and nonce are taken and change nothing: the page
    is always shown, with every scope that is asked for.
    """

    def __init__(self, auth: Auth) -> None:
        self._auth = auth

    def show(self, call: Call) -> Answer:
        """Answer GET: the form."""
        asked = self._asked(call)
        if isinstance(asked, Answer):
            return asked
        return _page("Sign in", self._form(asked))

    def decide(self, call: Call) -> Answer:
        """Answer POST: a code for the app, or access_denied.

        Fields: account (a name), scope (once for each checked box), decision (allow or deny). Boxes that were shown and are
        not checked are taken from the account's scopes.
        """
        asked = self._asked(call)
        if isinstance(asked, Answer):
            return asked
        if call.content_type != FORM:
            return _error(f"The form must be sent as {FORM}.")
        form = parse_qs(call.body.decode("utf-8", "replace"))
        decision = form.get("decision", [""])[0]
        if decision == "deny":
            return asked.back(error="access_denied", error_description="User denied the request")
        name = form.get("account", [""])[0]
        account = next((account for account in self._auth.accounts if account.name == name), None)
        if account is None or decision != "allow":
            return _error("Choose an account, and whether to allow the access.")
        shown = frozenset(asked.scopes)
        checked = shown & (frozenset(form.get("scope", [])) | asked.fixed)
        # In place: whoever holds the set goes on seeing what is granted.
        account.scopes -= shown - checked
        account.scopes |= checked
        offline = "offline_access" in checked
        return asked.back(code=account.issue_code(asked.redirect_uri, asked.challenge, offline=offline))

    def _asked(self, call: Call) -> _Asked | Answer:
        """Return the request in a call's query, or the answer to one that cannot be put to the owner."""
        query = call.query
        if query.get("client_id") != self._auth.client_id:
            return _error("This app is not known here: the client_id is missing or wrong.")
        redirect_uri = query.get("redirect_uri", "")
        known = self._auth.redirect_uris
        if not _absolute(redirect_uri) or (known is not None and redirect_uri not in known):
            return _error("The redirect_uri is not one of those that the app has registered.")
        state = query.get("state", "")
        if not state:
            return _error("The request has no state.")
        challenge = query.get("code_challenge") if self._auth.pkce_supported else None
        scopes = tuple(dict.fromkeys(query.get("scope", "").split()))
        fixed = frozenset(scopes) if query.get("require_requested_scopes") == "true" else FIXED_SCOPES
        asked = _Asked(redirect_uri, state, scopes, fixed, challenge)
        if query.get("response_type") != "code":
            return asked.back(
                error="unsupported_response_type", error_description="response_type must be code"
            )
        if not scopes or any(scope not in SCOPES for scope in scopes):
            return asked.back(error="invalid_scope", error_description="scope is missing or unknown")
        method = query.get("code_challenge_method")
        if challenge is not None and (method != METHOD or not well_formed(challenge)):
            text = f"code_challenge must be one of the method {METHOD}"
            return asked.back(error="invalid_request", error_description=text)
        return asked

    def _form(self, asked: _Asked) -> str:
        app = escape(self._auth.app_name)
        if not self._auth.accounts:
            return f"<h1>{app}</h1><p>There is no account here to sign in with.</p>"
        host = escape(URL(asked.redirect_uri).host or asked.redirect_uri)
        boxes = "\n".join(_box(scope, fixed=scope in asked.fixed) for scope in asked.scopes)
        return f"""<h1>Allow {app} access?</h1>
<p>{app} asks for access to a Tesla account. You will go back to {host}.</p>
<form method="post">
<label class="for-select" for="account">Account</label>
<select id="account" name="account">
{_options(self._auth.accounts)}
</select>
<fieldset>
<legend>What {app} may do</legend>
{boxes}
</fieldset>
<button class="allow" name="decision" value="allow">Allow</button>
<button class="deny" name="decision" value="deny">Deny</button>
</form>"""


def _absolute(uri: str) -> bool:
    """Return whether a URI has a scheme and a host and no fragment, so that a query can be put to its end."""
    try:
        url = URL(uri)
    except ValueError:
        return False
    return bool(url.scheme and url.host) and "#" not in uri


def _options(accounts: Iterable[Account]) -> str:
    return "\n".join(
        f'<option value="{escape(account.name)}">{escape(account.full_name)} ({escape(account.name)})</option>'
        for account in accounts
    )


def _box(scope: str, *, fixed: bool) -> str:
    # A disabled box is not sent by a browser; a fixed scope counts without it.
    state = "checked disabled" if fixed else "checked"
    return (
        f'<label><input type="checkbox" name="scope" value="{scope}" {state}> {escape(SCOPES[scope])}</label>'
    )


def _page(title: str, content: str, status: int = 200) -> Answer:
    text = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
{content}
<footer>This is the simulator's sign-in page. It is not Tesla's; no password is asked for.</footer>
</main>
</body>
</html>
"""
    return Answer(status, text, _HEADERS, "text/html")


def _error(text: str) -> Answer:
    content = f"<h1>This does not work</h1>\n<p>{escape(text)}</p>"
    return _page("Error", content, 400)
