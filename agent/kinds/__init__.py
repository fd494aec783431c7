"""What learns. To add a kind, write its file and add it to the tuple."""

from agent.kinds.base import Guess, Kind, Reason
from agent.kinds.nearest import Nearest
from agent.kinds.recall import Recall
from agent.kinds.state import State

KINDS: dict[str, type[Kind]] = {kind.NAME: kind for kind in (Recall, State, Nearest)}

__all__ = ["KINDS", "Guess", "Kind", "Reason"]
