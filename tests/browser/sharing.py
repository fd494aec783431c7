"""What people press on the Share tab, and agents for them to share."""

import contextlib

from localhub import LocalHub
from served import serving

from agent.agents import new
from agent.storage import serialization

BUTTONS = {"try": "Try beside mine", "start": "Use it"}


def taught(written, labels, name="Pupil"):
    """An agent with a lesson of each of these digits; of a digit that comes twice, two."""
    pupil = new("recall", name=name)
    for place, label in enumerate(labels):
        pupil.learn_one(written[label][labels[:place].count(label)], label)
    return pupil


def put(hub, repo_id, pupil, message="Upload", **changed):
    """Put an agent into a repo, past every check; `changed` replaces files."""
    return hub.write(repo_id, serialization.to_files(pupil) | changed, user=repo_id.split("/")[0], message=message)


def sign(visitor, token):
    """Type a token into its field, once for all presses."""
    visitor.write("#token", token)


def push(visitor, repo="", message="", drawings=True):
    """Press Publish."""
    visitor.until_done()
    visitor.unfold("#push-more")
    visitor.write("#repo", repo)
    visitor.write("#message", message)
    visitor.press("#push" if drawings else "#push-without")


def pull(visitor, wanted):
    """Press Fetch."""
    visitor.until_done()
    visitor.unfold("#experts")
    visitor.write("#wanted", wanted)
    visitor.press("#pull")


def card(visitor, repo_id):
    """The card of a repo in the gallery."""
    owner, _, name = repo_id.rpartition("/") if "/" in repo_id else ("", "", "")
    mine = visitor.page.locator(".agents article").filter(has=visitor.page.locator(f"[data-label='{repo_id}']"))
    mine.filter(has_text=owner).filter(has_text=name).wait_for()
    return mine


def seek(visitor, word, repo_id):
    """Look for a word in the gallery; lists are kept for a minute, each word has its own."""
    visitor.write("#seek", word)
    visitor.press("#look-again")
    return card(visitor, repo_id)


def take(visitor, repo_id, what):
    """Try an agent of the gallery, start from it, or join it."""
    visitor.until_done()
    if what == "join":
        visitor.unfold("#experts")
        visitor.write("#wanted", repo_id)
        visitor.press("#join")
        return
    card(visitor, repo_id).get_by_role("button", name=BUTTONS[what]).click()


def refused(visitor, text):
    """Wait for a message that says what is wrong, read it and close it."""
    toast = visitor.page.locator(".toast-body.error")
    toast.wait_for()
    said = toast.inner_text()
    visitor.press(".toast-close")
    toast.wait_for(state="detached")
    assert text in said, said


def people():
    """A Hub with Mia and Ben."""
    hub = LocalHub()
    for name in ("mia", "ben"):
        hub.add_user(name, token=f"hf_{name}")
    return hub


@contextlib.contextmanager
def app_of(hub, folder):
    """An app whose Hub this is."""
    told = hub.environment(folder / "home") | {"PUPIL_CACHE": str(folder / "cache")}
    with serving(folder, told) as server:
        yield server
