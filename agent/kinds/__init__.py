"""What learns. To add a kind, write its file and add it to the tuple of its family: drawings, numbers, frames."""

from agent.kinds.base import Guess, Kind, Reason, Why
from agent.kinds.cells import Cells
from agent.kinds.linear import Linear
from agent.kinds.mind import Mind
from agent.kinds.nearest import Nearest
from agent.kinds.numbers import Answer, Learner
from agent.kinds.recall import Recall
from agent.kinds.recurrent import Recurrent
from agent.kinds.state import State
from agent.kinds.symbols import Symbols
from agent.kinds.tuples import Tuples

KINDS: dict[str, type[Kind]] = {kind.NAME: kind for kind in (Recall, State, Nearest)}
FRAMES: dict[str, type[Mind]] = {mind.NAME: mind for mind in (Recurrent, Cells)}
NUMBERS: dict[str, type[Learner]] = {kind.NAME: kind for kind in (Linear, Tuples, Symbols)}

__all__ = ["FRAMES", "KINDS", "NUMBERS", "Answer", "Guess", "Kind", "Learner", "Mind", "Reason", "Why"]
