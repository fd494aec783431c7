"""Signing in at the Hub of the tests: the real flow of OpenID, step by step."""

import base64
import json
import re
import urllib.error
import urllib.request
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from huggingface_hub import HfApi
from joserfc import jwt
from joserfc.jwk import KeySet


class Stay(urllib.request.HTTPRedirectHandler):
    """A browser that looks where it is sent before it goes."""

    def redirect_request(self, *words):
        return None


def visit(url, cookie=""):
    """The page at an address, or the words of the address it sends to."""
    try:
        with urllib.request.build_opener(Stay).open(urllib.request.Request(url, headers={"Cookie": cookie})) as page:
            return page.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            assert error.code == 302, error.read()
            return dict(parse_qsl(urlsplit(error.headers["Location"]).query))


def discovered(hub):
    return json.loads(visit(f"{hub.url}/.well-known/openid-configuration"))


def door(hub, **more):
    """Where an app sends somebody to sign in."""
    words = {"response_type": "code", "client_id": "pupil", "redirect_uri": "https://127.0.0.1:1/login/callback?a=b"}
    words |= {"scope": "openid profile", "state": "xyz", "nonce": "once"} | more
    return f"{discovered(hub)['authorization_endpoint']}?{urlencode(words)}"


def exchanged(hub, code, secret="pupil-secret"):
    """What the app gets for a code: its tokens, or the status."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "https://127.0.0.1:1/login/callback?a=b"}
    header = {"Authorization": f"Basic {base64.b64encode(f'pupil:{secret}'.encode()).decode()}"}
    request = urllib.request.Request(discovered(hub)["token_endpoint"], urlencode(form).encode(), header)
    try:
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_who_signs_in_gets_their_own_token_and_a_signed_identity(local_hub):
    local_hub.next_login = "ben"
    back = visit(door(local_hub))
    assert back["state"] == "xyz" and back["a"] == "b"
    assert exchanged(local_hub, back["code"], secret="wrong") == 401
    tokens = exchanged(local_hub, back["code"])
    assert exchanged(local_hub, back["code"]) == 400  # a code is good for once
    assert HfApi(endpoint=local_hub.url, token=tokens["access_token"]).whoami()["name"] == "ben"
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("bearer", 28800, "openid profile")
    keys = KeySet.import_key_set(json.loads(visit(discovered(local_hub)["jwks_uri"])))
    claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
    expected = {"iss": local_hub.url, "aud": "pupil", "nonce": "once", "preferred_username": "ben", "name": "Ben"}
    assert expected.items() <= claims.items() and claims["exp"] > claims["iat"]
    assert "<svg" in visit(claims["picture"])
    request = urllib.request.Request(discovered(local_hub)["userinfo_endpoint"])
    request.add_header("Authorization", f"Bearer {tokens['access_token']}")
    with urllib.request.urlopen(request) as reply:
        assert json.load(reply)["sub"] == claims["sub"]


def test_a_login_can_be_refused(local_hub):
    local_hub.next_login = None
    assert visit(door(local_hub)).items() >= {"error": "access_denied", "state": "xyz"}.items()


def test_two_visitors_sign_in_as_two_people(local_hub):
    page = visit(door(local_hub))
    links = {words: unescape(link) for link, words in re.findall(r'<a href="([^"]+)">([^<]+)</a>', page)}
    assert list(links) == ["Sign in as mia", "Sign in as ben", "Deny"]
    where = discovered(local_hub)["authorization_endpoint"]
    codes = [visit(where + links[f"Sign in as {name}"])["code"] for name in ("ben", "mia")]
    codes.append(visit(door(local_hub), cookie="a=b; login=ben")["code"])
    assert [exchanged(local_hub, code)["access_token"] for code in codes] == ["hf_ben", "hf_mia", "hf_ben"]
    assert visit(where + links["Deny"])["error"] == "access_denied"


def test_an_app_that_is_not_known_cannot_ask(local_hub):
    for more in ({"client_id": "other"}, {"redirect_uri": "javascript:alert(1)"}):
        with pytest.raises(AssertionError, match="Unknown client_id"):
            visit(door(local_hub, **more))
