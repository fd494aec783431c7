"""The client of the Hub, as one person or as nobody, and one sentence for whatever goes wrong there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from agent.errors import AgentError

if TYPE_CHECKING:
    from huggingface_hub import HfApi, ModelInfo

TIMEOUT_S = 10.0
MAX_MESSAGE_CHARS = 200


def endpoint() -> str:
    """The address of the Hub: HF_ENDPOINT, or the public one."""
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def who(token: str | None) -> str:
    """The name that a token belongs to."""
    with spoken("your name"):
        return str(connect(checked_token(token)).whoami()["name"])


def connect(token: str | None) -> HfApi:
    """The client: as this person, or as nobody, never as the machine."""
    from huggingface_hub import HfApi

    return HfApi(endpoint=endpoint(), token=token or False)


def head_of(api: HfApi, repo_id: str, revision: str | None = None) -> ModelInfo:
    """What a repo is at a revision, the sizes of its files included."""
    try:
        return api.model_info(repo_id, revision=revision, files_metadata=True, timeout=TIMEOUT_S)
    except (TypeError, KeyError, AttributeError) as error:  # the client reads the card as well, and believes it
        raise AgentError(f"expected {repo_id} with a card the Hub's client can read, got another one.") from error


def checked_token(token: str | None) -> str:
    """A token that may be sent."""
    if not isinstance(token, str) or not token.strip() or not token.strip().isascii():
        raise AgentError("expected you to be signed in, got no token. Sign in with Hugging Face, then push.")
    return token.strip()


def checked_message(message: str) -> str:
    """A message that may be the title of a commit."""
    if not isinstance(message, str) or len(message) > MAX_MESSAGE_CHARS or not all(map(str.isprintable, message)):
        raise AgentError(
            f"expected a message of one line, at most {MAX_MESSAGE_CHARS} characters, got {str(message)[:80]!r}."
        )
    return message.strip()


@contextlib.contextmanager
def spoken(what: str) -> Iterator[None]:
    """Turn whatever the client raises into one sentence about ``what``."""
    from huggingface_hub.errors import HTTPError

    try:
        yield
    except AgentError:
        raise
    except (HTTPError, OSError, ValueError) as error:
        raise AgentError(sentence(error, what)) from error


def is_away(error: BaseException) -> bool:
    """Whether the Hub could not be reached, or did not answer in time or at all."""
    from huggingface_hub.errors import HfHubHTTPError, HTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    if isinstance(error, HfHubHTTPError):
        return error.response.status_code >= 500
    return isinstance(error, (HTTPError, ConnectionError, OfflineModeIsEnabled, LocalEntryNotFoundError))


def sentence(error: Exception, what: str) -> str:
    """Say in one sentence what went wrong, and what to do."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return f"expected leave to read {what}, got none: it is gated. Ask for access on its page, then sign in."
    if isinstance(error, errors.DisabledRepoError):
        return f"expected {what}, got nothing: the Hub has disabled it."
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"expected {what}, got nothing there, or it is private. Check the name, or sign in."
    if isinstance(error, errors.RevisionNotFoundError):
        return f"expected that version of {what}, got none. Choose another one."
    if isinstance(error, errors.HfHubHTTPError):
        return _about_status(error.response.status_code, error.response.headers.get("Retry-After", ""), what)
    if isinstance(error, TimeoutError) or "TimeoutException" in (kind.__name__ for kind in type(error).__mro__):
        return f"expected an answer about {what}, got none in time. Nothing was changed. Try again."
    if is_away(error):
        return f"expected to reach the Hub for {what}, got no connection. Nothing was changed. Try again later."
    return f"expected {what} of the Hub, got something else ({str(error)[:200]})."


def _about_status(status: int, retry_after: str, what: str) -> str:
    """Say what an answer's status means."""
    wait = f"{int(retry_after)} s" if retry_after.isdigit() and int(retry_after) < 10**6 else "a minute"
    told = {
        401: f"expected a token that the Hub knows, got another one. Sign in again, then try {what}.",
        403: f"expected the right to write to {what}, got none. Push under your own name, or propose it there.",
        404: f"expected {what}, got nothing there. Check the name.",
        409: f"expected a name that is free, got {what}, which is taken. Choose another one.",
        412: f"expected {what} as it was, got a newer one. Someone pushed meanwhile: load it, join yours, push again.",
        413: f"expected an agent small enough for {what}, got one that the Hub found too large. Teach it less.",
        429: f"expected the Hub to have time for {what}, got a request to wait. Try again in {wait}.",
    }
    if status in told:
        return told[status]
    if status >= 500:
        return f"expected an answer about {what}, got a mistake of the Hub ({status}). Nothing was changed. Try later."
    return f"expected {what} of the Hub, got the answer {status}. Nothing was changed."
