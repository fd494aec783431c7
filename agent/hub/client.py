"""The client of the Hub, as one person or as nobody, and one sentence for whatever goes wrong there."""

from __future__ import annotations

import contextlib
import functools
import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from agent.errors import AgentError

if TYPE_CHECKING:
    from huggingface_hub import HfApi, ModelInfo

TIMEOUT_S = 10.0  # for an answer to a question
PATIENCE_S = 60.0  # for an answer to anything else, such as files that were sent
MAX_MESSAGE_CHARS = 200
CLIENT = "pupil"  # how we call ourselves at the Hub
_TOKEN = re.compile(r"[!-~]{1,4096}")


def endpoint() -> str:
    """The address of the Hub: HF_ENDPOINT, or the public one."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def who(token: str | None) -> str:
    """The name that a token belongs to."""
    with spoken("your name"):
        return str(connect(checked_token(token)).whoami()["name"])


def connect(token: str | None) -> HfApi:
    """The client: as this person, or as nobody, never as the machine."""
    from huggingface_hub import HfApi

    _bound_waiting()
    return HfApi(endpoint=endpoint(), token=checked_token(token) if token else False, library_name=CLIENT)


@functools.cache
def _bound_waiting() -> None:
    """Let no call of the client wait for ever, and none of ours for as long as a Hub that is busy tells it to."""
    from huggingface_hub import get_session, set_client_factory
    from huggingface_hub.utils import hf_raise_for_status

    def refuse(answer: Any) -> None:
        if answer.status_code == 429 and answer.request.headers.get("user-agent", "").startswith(f"{CLIENT}/"):
            hf_raise_for_status(answer)  # the client would sleep, five times

    first = get_session()
    hooks = {"request": first.event_hooks["request"], "response": [*first.event_hooks["response"], refuse]}
    session = functools.partial(type(first), event_hooks=hooks, follow_redirects=True)
    set_client_factory(lambda: session(timeout=PATIENCE_S))


def listed(**asked: Any) -> list[ModelInfo]:
    """Public repos, one page of them. The client's own list would try five times more, half a minute long."""
    from huggingface_hub import ModelInfo, get_session
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    _bound_waiting()
    headers = build_hf_headers(token=False, library_name=CLIENT)
    answer = get_session().get(f"{endpoint()}/api/models", params=asked, headers=headers, timeout=TIMEOUT_S)
    hf_raise_for_status(answer)
    return [ModelInfo(**({"siblings": None} | told)) for told in answer.json()]


def head_of(api: HfApi, repo_id: str, revision: str | None = None) -> ModelInfo:
    """What a repo is at a revision, the sizes of its files included."""
    try:
        return api.model_info(repo_id, revision=revision, files_metadata=True, timeout=TIMEOUT_S)
    except (TypeError, KeyError, AttributeError) as error:  # the client reads the card as well, and believes it
        raise AgentError(f"expected {repo_id} with a card the Hub's client can read, got another one.") from error


def checked_token(token: str | None) -> str:
    """A token that may be sent."""
    if not isinstance(token, str) or not _TOKEN.fullmatch(token.strip()):
        raise AgentError("expected you to be signed in, got no token. Sign in with Hugging Face, then push.")
    return token.strip()


def checked_message(message: str) -> str:
    """A message that may be the title of a commit."""
    if not isinstance(message, str) or len(message) > MAX_MESSAGE_CHARS or not all(map(str.isprintable, message)):
        shown = message[:80] if isinstance(message, str) else message
        raise AgentError(f"expected a message of one line, at most {MAX_MESSAGE_CHARS} characters, got {shown!r}.")
    return message.strip()


@contextlib.contextmanager
def spoken(what: str) -> Iterator[None]:
    """Turn whatever the client raises into one sentence about ``what``: an answer that is none raises anything."""
    try:
        yield
    except AgentError:
        raise
    except Exception as error:
        raise AgentError(sentence(_cause(error), what)) from error


def is_away(error: BaseException) -> bool:
    """Whether the Hub could not be reached, or did not answer in time or at all."""
    from huggingface_hub.errors import HfHubHTTPError, HTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    error = _cause(error)
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code >= 500
    return isinstance(error, (HTTPError, ConnectionError, OfflineModeIsEnabled, LocalEntryNotFoundError))


def is_hidden(error: BaseException) -> bool:
    """Whether the Hub said that a repo is not there, or not for whoever asks."""
    from huggingface_hub.errors import DisabledRepoError, RepositoryNotFoundError

    return isinstance(error, (RepositoryNotFoundError, DisabledRepoError))


def _cause(error: BaseException) -> BaseException:
    """What went wrong, where the client only says that a file could not be had or sent."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    return error.__cause__ or error if isinstance(error, (LocalEntryNotFoundError, RuntimeError)) else error


def sentence(error: BaseException, what: str) -> str:
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
        return _about_status(error.response.status_code, _wait(error.response.headers), what)
    if isinstance(error, TimeoutError) or "TimeoutException" in (kind.__name__ for kind in type(error).__mro__):
        return f"expected an answer about {what}, got none in time. Your agent is unchanged. Try again."
    if is_away(error):
        return f"expected to reach the Hub for {what}, got no connection. Your agent is unchanged. Try later."
    return f"expected {what} of the Hub, got something else ({str(error)[:200]})."


def _wait(headers: Mapping[str, str]) -> str:
    """How long a busy Hub asks to wait: of both ways to say so it uses either."""
    from huggingface_hub.utils import parse_ratelimit_headers

    limit, retry_after = parse_ratelimit_headers(headers), headers.get("Retry-After", "")
    if re.fullmatch(r"[0-9]{1,6}", retry_after):
        return f"{int(retry_after)} s"
    return f"{limit.reset_in_seconds} s" if limit is not None else "a minute"


def _about_status(status: int, wait: str, what: str) -> str:
    """Say what an answer's status means."""
    told = {
        401: f"expected a token that the Hub knows, got one that is wrong or too old. Sign in again for {what}.",
        403: f"expected the right to write to {what}, got none. Push under your own name, or propose yours there.",
        404: f"expected {what}, got nothing there. Check the name.",
        409: f"expected a name that is free, got {what}, which is taken. Choose another one.",
        412: f"expected {what} as it was, got a newer one. Someone pushed meanwhile: load it, join yours, push again.",
        413: f"expected an agent small enough for {what}, got one that the Hub found too large. Teach it less.",
        429: f"expected the Hub to have time for {what}, got a request to wait. Try again in {wait}.",
    }
    if status in told:
        return told[status]
    if status >= 500:
        return (
            f"expected an answer about {what}, got a mistake of the Hub ({status}). Your agent is unchanged. Try later."
        )
    return f"expected {what} of the Hub, got the answer {status}. Your agent is unchanged."
