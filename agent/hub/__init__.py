"""Sharing agents through repos of the Hugging Face Hub: push, pull, gallery, propose. The only room with a network.

Tokens are those of the person who asks: each call is given one, or goes out without any, and none is kept or logged.
Whatever goes wrong is one sentence, and nothing is half done: a push is one commit on top of what was there, and a
pull hands an agent out only when all of it was checked.
"""

from agent.hub.client import own_token, who
from agent.hub.download import load, pull
from agent.hub.listing import Entry, Gallery, Version, count_question, gallery, pictures, versions
from agent.hub.upload import (
    Proposed,
    Pushed,
    check_contribution,
    check_push,
    contribute,
    deploy,
    deploy_page,
    files_for,
    iter_outgoing,
    push,
    send,
)

__all__ = [
    "Entry",
    "Gallery",
    "Proposed",
    "Pushed",
    "Version",
    "check_contribution",
    "check_push",
    "contribute",
    "count_question",
    "deploy",
    "deploy_page",
    "files_for",
    "gallery",
    "load",
    "iter_outgoing",
    "own_token",
    "pictures",
    "pull",
    "push",
    "send",
    "versions",
    "who",
]
