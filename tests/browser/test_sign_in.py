"""Signing in as visitors of a Space do: over https, at a real provider, each as themselves."""

import datetime
import ipaddress
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as key_formats
from cryptography.hazmat.primitives.asymmetric import ec
from raw import Stranger
from served import free_port, serving
from sharing import people, push, refused, taught

from agent.storage import serialization

LINE = ("https://huggingface.co/api/", "https://fonts.googleapis.com/")  # what gradio asks for the line over a Space
SPACE_TOKEN = "hf_space"  # of the Space's owner: no visitor may ever act with it


def certificate(folder):
    """Write a key and a certificate that nobody but itself has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([]), datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    hosts = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - day).not_valid_after(now + day)
    signed = made.add_extension(hosts, critical=True).sign(key, hashes.SHA256())
    (folder / "certificate.pem").write_bytes(signed.public_bytes(key_formats.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(key_formats.Encoding.PEM, key_formats.PrivateFormat.PKCS8, key_formats.NoEncryption())
    )
    return {"SSL_KEY": str(folder / "key.pem"), "SSL_CERTIFICATE": str(folder / "certificate.pem")}


@pytest.fixture(scope="module")
def hub():
    """The Hub of these tests: Mia, Ben and the owner of the Space."""
    with people() as hub:
        hub.add_user("owner", token=SPACE_TOKEN)
        yield hub
        assert not any(SPACE_TOKEN in word for word in sent(hub))


def sent(hub):
    """What was sent to say who asks."""
    return {request.headers.get("Authorization", "") for request in hub.log}


@pytest.fixture(scope="module")
def server(hub, tmp_path_factory):
    """The app as a Space, over https."""
    folder, port = tmp_path_factory.mktemp("space"), free_port()
    told = hub.environment(folder / "home") | hub.login_environment(f"127.0.0.1:{port}", "owner/pupil")
    told |= certificate(folder) | {"PUPIL_CACHE": str(folder / "cache"), "HF_TOKEN": SPACE_TOKEN}
    told["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = None  # the app has to see to that
    told["GRADIO_SERVER_NAME"] = "127.0.0.1"
    with serving(folder, told, program="tests/browser/secure.py", port=port, scheme="https") as server:
        yield server


def as_a_space(context):
    """Answer what gradio itself asks for the line that it puts over every Space."""
    about, anybody = {"id": "owner/pupil", "author": "owner", "likes": 0}, {"Access-Control-Allow-Origin": "*"}
    context.route(f"{LINE[0]}**", lambda route: route.fulfill(json=about, headers=anybody))
    context.route(f"{LINE[1]}**", lambda route: route.fulfill(body="", content_type="text/css"))


@pytest.fixture
def space(visit, written, hub, tmp_path):
    """A visitor of the Space on the Share tab whose agent had a lesson of each of these digits."""

    def arrive(labels):
        visitor = visit(prepare=as_a_space, known=(hub.url, *LINE))
        visitor.tab("Share")
        visitor.load(serialization.save(taught(written, labels), tmp_path / "agent.zip"))
        return visitor

    return arrive


def sign_in(visitor, choice):
    """Press the button and choose at the Hub; the way leads back to the page."""
    leave(visitor, lambda: visitor.page.get_by_role("link", name=choice).click())


def leave(visitor, then=None):
    """Press the button that signs in or out, and wait until the page is there again."""
    visitor.leaving = True
    with visitor.page.expect_navigation():
        visitor.press("#sign-in")
    if then:
        then()
    visitor.page.wait_for_url(f"{visitor.url}**")
    visitor.leaving = False
    visitor.arrive()
    visitor.tab("Share")


def test_two_people_push_as_themselves_and_nobody_as_nobody(space, hub):
    mia, ben = space("47"), space("019")
    assert mia.page.locator("#token").count() == 0
    push(mia, "spaced")
    refused(mia, "Sign in")
    assert not hub.repos
    sign_in(mia, "Sign in as mia")
    sign_in(ben, "Sign in as ben")
    mia.until_text("#sign-in", "Signed in as mia: sign out")
    ben.until_text("#sign-in", "Signed in as ben: sign out")
    assert (mia.n_lessons, ben.n_lessons) == (2, 3)
    push(mia, "spaced")
    push(ben, "spaced")
    mia.until_text("#pushed", "Published: mia/spaced.")
    ben.until_text("#pushed", "Published: ben/spaced.")
    assert hub.repo("mia/spaced").main.author == "mia" and hub.repo("ben/spaced").main.author == "ben"
    push(ben, "mia/spaced")
    refused(ben, "You may not write to mia/spaced.")
    leave(mia)
    mia.until_text("#sign-in", "Sign in with Hugging Face")
    assert mia.n_lessons == 2
    push(mia, "again")
    refused(mia, "Sign in")
    hub.revoke("hf_ben")
    push(ben, "again")
    refused(ben, "Sign in again")
    assert {"Bearer hf_mia", "Bearer hf_ben"} <= sent(hub)
    assert ben.n_lessons == 3 and {id for _, id in hub.repos} == {"mia/spaced", "ben/spaced"}
    hub.add_user("ben", token="hf_ben")


def test_who_refuses_to_sign_in_comes_back_to_their_agent(space):
    ben = space("019")
    sign_in(ben, "Deny")
    ben.until_told("toast", "You were not signed in. Your agent is still here.")
    assert ben.n_lessons == 3
    ben.until("!location.search.includes('login')")
    sign_in(ben, "Sign in as ben")
    ben.until_text("#sign-in", "Signed in as ben")
    assert ben.page.locator(".toast-body").count() == 0


def signed_in(stranger, hub, name):
    """Sign in without a browser, step by step: the cookie that says who one is."""
    begun = stranger.ask("GET", "login/huggingface")
    asked = begun.headers["location"] + f"&login_hint={name}"

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *words):
            return None

    with pytest.raises(urllib.error.HTTPError) as sent_back:
        urllib.request.build_opener(Stay).open(asked)
    with sent_back.value as answer:
        back = urlsplit(answer.headers["Location"])
    done = stranger.ask("GET", f"{back.path}?{back.query}", None, {"Cookie": begun.cookies[0].split(";")[0]})
    return done.cookies[0]


def test_another_site_cannot_use_a_sign_in(server, hub):
    stranger = Stranger(server.url)
    cookie = signed_in(stranger, hub, "mia")
    assert "httponly" in cookie.lower() and "secure" in cookie.lower()
    config = stranger.ask("GET", "config").told
    button = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "push")
    push_it = next(each["id"] for each in config["dependencies"] if [button, "click"] in each["targets"])
    before = {id for _, id in hub.repos}

    def event_payload(repo, origin):
        data = [None, repo, "", "public", "", None]
        return stranger.outcome(push_it, data, None, {"Cookie": cookie.split(";")[0], "Origin": origin})

    for origin in ("https://evil.example", "null", server.url.rstrip("/").replace("127.0.0.1", "evil.example")):
        told = event_payload("stolen", origin)
        assert told["success"] is False and "Sign in" in str(told["output"]), told
    assert {id for _, id in hub.repos} == before
    told = event_payload("mine", server.url.rstrip("/"))
    assert "knows nothing" in str(told["output"]) and "Sign in" not in str(told["output"]), told  # mia is known there


def test_a_sign_in_that_somebody_else_began_leads_nowhere(server, hub):
    stranger = Stranger(server.url)
    n_asked = len([each for each in hub.log if each.path.startswith("/oauth/token")])
    told = stranger.ask("GET", "login/callback?code=stolen&state=made-up&_target_url=https://evil.example/")
    assert told.status in (302, 307) and told.headers["location"].startswith("/login/huggingface?")
    assert len([each for each in hub.log if each.path.startswith("/oauth/token")]) == n_asked
    for target in ("https://evil.example/x", "//evil.example/x", "/\\evil.example/x", "https:evil.example"):
        back = stranger.ask("GET", f"logout?_target_url={target}").headers["location"]
        assert back.startswith("/") and not back.startswith(("//", "/\\")), back
