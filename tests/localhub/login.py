"""Signing in: the OpenID provider of the Hub."""

import base64
import html
import secrets
import time
from functools import cache
from urllib.parse import unquote, urlencode

from localhub.wire import RefusedError, Reply

SCOPES = "openid profile email contribute-repos write-discussions"
HTML = {"Content-Type": "text/html; charset=utf-8"}
ASK = object()  # let the visitor choose
FACE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1" fill="#888"/></svg>'


@cache
def _key():
    """The key that identities are signed with; made once, when somebody first signs in."""
    from joserfc.jwk import RSAKey

    return RSAKey.generate_key(2048, auto_kid=True)


def configuration(request):
    url = request.hub.url
    names = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
    told = {f"{name}_endpoint": f"{url}/oauth/{path}" for name, path in names.items()}
    told |= {"issuer": url, "jwks_uri": f"{url}/oauth/jwks", "scopes_supported": SCOPES.split()}
    told |= {"response_types_supported": ["code"], "subject_types_supported": ["public"]}
    told |= {"id_token_signing_alg_values_supported": ["RS256"], "grant_types_supported": ["authorization_code"]}
    return Reply(told | {"token_endpoint_auth_methods_supported": ["client_secret_basic"]})


def keys(request):
    return Reply({"keys": [_key().as_dict(private=False) | {"use": "sig", "alg": "RS256"}]})


def _chosen(request):
    """Who signs in: as the page, the browser's cookie or the test says; ASK where nobody says."""
    cookies = [part.strip().split("=", 1) for part in request.headers.get("Cookie", "").split(";")]
    named = request.first("login_hint") or dict(pair for pair in cookies if len(pair) == 2).get("login")
    if request.flag("deny"):
        return None
    if named in request.hub.users:
        return named
    if request.hub.next_login is ASK and len(request.hub.users) < 2:
        return next(iter(request.hub.users), None)
    return request.hub.next_login


def _page(request):
    """A page with a link for everybody who could sign in, and one to refuse."""
    links = [({"login_hint": name}, f"Sign in as {name}") for name in request.hub.users] + [({"deny": "1"}, "Deny")]
    items = "".join(
        f'<li><a href="{html.escape(f"?{urlencode(request.query | more, doseq=True)}")}">{html.escape(words)}</a>'
        for more, words in links
    )
    page = f"<!doctype html><html lang=en><title>Sign in</title><h1>Sign in</h1><ul>{items}</ul>"
    return Reply(page.encode(), headers=HTML)


def authorize(request):
    back, name = request.first("redirect_uri", ""), _chosen(request)
    if request.first("client_id") != request.hub.client[0] or not back.startswith(("http://", "https://")):
        raise RefusedError(400, "Unknown client_id or invalid redirect_uri")
    if name is ASK:
        return _page(request)
    answer = {"state": request.first("state", "")}
    if name is None:
        answer |= {"error": "access_denied", "error_description": "The user refused"}
    else:
        code = secrets.token_urlsafe(16)
        request.hub.codes[code] = name, back, request.first("nonce"), request.first("scope", "openid")
        answer["code"] = code
    return Reply(status=302, headers={"Location": back + ("&" if "?" in back else "?") + urlencode(answer)})


def _client(request):
    """The client id and secret of the header."""
    words = request.headers.get("Authorization", "").split()
    try:
        pair = base64.b64decode(words[1]).decode() if words[0] == "Basic" else ""
    except (ValueError, IndexError):
        pair = ""
    return tuple(unquote(part) for part in pair.split(":", 1))


def _claims(request, user):
    hub = request.hub
    told = {"sub": user.id, "name": user.fullname, "preferred_username": user.name, "profile": f"{hub.url}/{user.name}"}
    return told | {"picture": hub.avatar(user), "email": f"{user.name}@example.com", "email_verified": True}


def token(request):
    from joserfc import jwt

    hub, form = request.hub, request.form()
    if _client(request) != hub.client:
        raise RefusedError(401, "invalid_client", headers={"WWW-Authenticate": "Basic"})
    name, back, nonce, scope = hub.codes.pop(form.get("code", [""])[0], (None, None, None, None))
    if name is None or form.get("redirect_uri", [back]) != [back]:
        raise RefusedError(400, "invalid_grant")
    user, now = hub.users[name], int(time.time())
    claims = _claims(request, user) | {"iss": hub.url, "aud": hub.client[0], "iat": now, "exp": now + 3600}
    claims |= {"nonce": nonce} if nonce else {}
    identity = jwt.encode({"alg": "RS256", "kid": _key().kid}, claims, _key())
    told = {"access_token": user.token, "token_type": "bearer", "expires_in": hub.expires_in, "scope": scope}
    return Reply(told | {"id_token": identity}, headers={"Cache-Control": "no-store"})


def userinfo(request):
    return Reply(_claims(request, request.somebody()))


def avatar(request):
    return Reply(FACE.encode(), headers={"Content-Type": "image/svg+xml"})
