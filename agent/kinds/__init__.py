"""What learns. To add a kind, write its file and add it to the tuple of its family: drawings, or numbers."""

from agent.kinds.base import Guess, Kind, Reason
from agent.kinds.linear import Linear
from agent.kinds.nearest import Nearest
from agent.kinds.numbers import Answer, Learner
from agent.kinds.recall import Recall
from agent.kinds.state import State
from agent.kinds.symbols import Symbols
from agent.kinds.tuples import Tuples

KINDS: dict[str, type[Kind]] = {kind.NAME: kind for kind in (Recall, State, Nearest)}
NUMBERS: dict[str, type[Learner]] = {kind.NAME: kind for kind in (Linear, Tuples, Symbols)}

__all__ = ["KINDS", "NUMBERS", "Answer", "Guess", "Kind", "Learner", "Reason"]
