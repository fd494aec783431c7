"""What learns. To add a kind, write its file and add it to the tuple."""

from agent.kinds.base import Guess, Kind, Reason
from agent.kinds.cells import Cells
from agent.kinds.mind import Mind
from agent.kinds.nearest import Nearest
from agent.kinds.recall import Recall
from agent.kinds.recurrent import Recurrent
from agent.kinds.state import State

KINDS: dict[str, type[Kind]] = {kind.NAME: kind for kind in (Recall, State, Nearest)}
FRAMES: dict[str, type[Mind]] = {mind.NAME: mind for mind in (Recurrent, Cells)}

__all__ = ["FRAMES", "KINDS", "Guess", "Kind", "Mind", "Reason"]
