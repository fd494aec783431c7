"""The client of the Hub, with a person's token or anonymous, and its errors, each as one sentence."""

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

TIMEOUT_S = 10.0  # for metadata
PATIENCE_S = 60.0  # for anything else, such as the answer after an upload
MAX_MESSAGE_CHARS = 200
CLIENT = "pupil"  # in the user agent of requests to the Hub
_TOKEN = re.compile(r"[!-~]{1,4096}")


def endpoint() -> str:
    """The address of the Hub: HF_ENDPOINT, or the public one."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def who(token: str | None) -> str:
    """The name that a token belongs to."""
    with hub_errors("your name"):
        return str(connect(checked_token(token)).whoami()["name"])


def own_token() -> str | None:
    """The token of whoever sits at this machine: of HF_TOKEN, or what ``hf auth login`` keeps."""
    from huggingface_hub import get_token

    with hub_errors("your token"):
        return get_token()


def connect(token: str | None) -> HfApi:
    """The client: with this token, or anonymous; never with a token stored on the machine."""
    from huggingface_hub import HfApi

    _bound_waiting()
    return HfApi(endpoint=endpoint(), token=checked_token(token) if token else False, library_name=CLIENT)


@functools.cache
def _bound_waiting() -> None:
    """Set a timeout on the client's HTTP session, and fail on status 429, where it would sleep and try again."""
    from huggingface_hub import get_session, set_client_factory
    from huggingface_hub.utils import hf_raise_for_status

    def refuse(answer: Any) -> None:
        if answer.status_code == 429 and answer.request.headers.get("user-agent", "").startswith(f"{CLIENT}/"):
            hf_raise_for_status(answer)  # the client would sleep, five times

    first = get_session()
    hooks = {"request": first.event_hooks["request"], "response": [*first.event_hooks["response"], refuse]}
    session = functools.partial(type(first), event_hooks=hooks, follow_redirects=True)
    set_client_factory(lambda: session(timeout=PATIENCE_S))


def list_repos(**query: Any) -> list[ModelInfo]:
    """List one page of public repos. `HfApi.list_models` retries for half a minute when the Hub is away."""
    from huggingface_hub import ModelInfo, get_session
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    _bound_waiting()
    headers = build_hf_headers(token=False, library_name=CLIENT)
    answer = get_session().get(f"{endpoint()}/api/models", params=query, headers=headers, timeout=TIMEOUT_S)
    hf_raise_for_status(answer)
    return [ModelInfo(**({"siblings": None} | repo)) for repo in answer.json()]


def head_of(api: HfApi, repo_id: str, revision: str | None = None) -> ModelInfo:
    """Metadata of a repo at a revision, the sizes of its files included."""
    try:
        return api.model_info(repo_id, revision=revision, files_metadata=True, timeout=TIMEOUT_S)
    except (TypeError, KeyError, AttributeError) as error:  # the client also parses the card, and does not check it
        raise AgentError(f"expected {repo_id} with a card the Hub's client can read, got another one.") from error


def checked_token(token: str | None) -> str:
    """A token that may be sent."""
    if not isinstance(token, str) or not _TOKEN.fullmatch(token.strip()):
        raise AgentError("You are not signed in. Sign in with Hugging Face, or give your token, first.")
    return token.strip()


def checked_message(message: str) -> str:
    """A message that may be the title of a commit."""
    if not isinstance(message, str) or len(message) > MAX_MESSAGE_CHARS or not all(map(str.isprintable, message)):
        excerpt = message[:80] if isinstance(message, str) else message
        raise AgentError(f"expected a message of one line, at most {MAX_MESSAGE_CHARS} characters, got {excerpt!r}.")
    return message.strip()


@contextlib.contextmanager
def hub_errors(what: str) -> Iterator[None]:
    """Turn whatever the client raises into an AgentError of one sentence about ``what``."""
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
    """Whether the Hub said that a repo does not exist, or not for this caller."""
    from huggingface_hub.errors import DisabledRepoError, RepositoryNotFoundError

    return isinstance(error, (RepositoryNotFoundError, DisabledRepoError))


def _cause(error: BaseException) -> BaseException:
    """The underlying error, where the client only says that a file could not be fetched or sent."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    return error.__cause__ or error if isinstance(error, (LocalEntryNotFoundError, RuntimeError)) else error


def sentence(error: BaseException, what: str) -> str:
    """Say in one sentence what went wrong, and what to do."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return f"{what} is gated and you have no access to it. Ask for access on its page, then sign in."
    if isinstance(error, errors.DisabledRepoError):
        return f"The Hub has disabled {what}."
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"{what} is not on the Hub, or it is private. Check the name, or sign in."
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{what} has no such version. Choose another one."
    if isinstance(error, errors.HfHubHTTPError):
        return _about_status(error.response.status_code, _wait(error.response.headers), what)
    if isinstance(error, TimeoutError) or "TimeoutException" in (kind.__name__ for kind in type(error).__mro__):
        return f"The Hub did not answer about {what} in time. Your agent is unchanged. Try again."
    if is_away(error):
        return f"The Hub cannot be reached for {what}. Your agent is unchanged. Try later."
    return f"The Hub gave an unexpected answer about {what} ({str(error)[:200]})."


def _wait(headers: Mapping[str, str]) -> str:
    """How long a busy Hub asks to wait, which it says in either of two ways."""
    from huggingface_hub.utils import parse_ratelimit_headers

    limit, retry_after = parse_ratelimit_headers(headers), headers.get("Retry-After", "")
    if re.fullmatch(r"[0-9]{1,6}", retry_after):
        return f"{int(retry_after)} s"
    return f"{limit.reset_in_seconds} s" if limit is not None else "a minute"


def _about_status(status: int, wait: str, what: str) -> str:
    """Say what an answer's status means."""
    sentences = {
        401: f"The Hub does not know this token: it is wrong or too old. Sign in again for {what}.",
        403: f"You may not write to {what}. Publish under your own name, or send yours back to its author.",
        404: f"{what} is not on the Hub. Check the name.",
        409: f"The name {what} is taken. Choose another one.",
        412: f"{what} has changed: somebody has published there meanwhile. Fetch it, join yours, publish again.",
        413: f"The Hub finds this agent too large for {what}. Teach it less.",
        429: f"The Hub is busy with {what}: try again in {wait}.",
    }
    if status >= 500:
        return f"The Hub failed to answer about {what} ({status}). Your agent is unchanged. Try later."
    return sentences.get(status, f"The Hub answered {status} for {what}. Your agent is unchanged.")
