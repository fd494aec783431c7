"""Models: classifiers of drawings, frame models, regressors. To add one, write its file and add it to its registry."""

from agent.models.base import Exemplar, Explanation, Guess, Model
from agent.models.frames import FrameModel
from agent.models.frames.cells import Cells
from agent.models.frames.recurrent import Recurrent
from agent.models.nearest import Nearest
from agent.models.recall.model import Recall
from agent.models.regression import Answer, RegressionModel
from agent.models.regression.linear import Linear
from agent.models.regression.symbols import Symbols
from agent.models.regression.tuples import Tuples
from agent.models.state.model import State

MODELS: dict[str, type[Model]] = {model.NAME: model for model in (Recall, State, Nearest)}
FRAMES: dict[str, type[FrameModel]] = {model.NAME: model for model in (Recurrent, Cells)}
REGRESSORS: dict[str, type[RegressionModel]] = {model.NAME: model for model in (Linear, Tuples, Symbols)}
ARRAYS: dict[str, type[Model]] = {}  # of users alone: agent.agents.register adds them

__all__ = [
    "ARRAYS",
    "FRAMES",
    "MODELS",
    "REGRESSORS",
    "Answer",
    "Guess",
    "Model",
    "RegressionModel",
    "FrameModel",
    "Exemplar",
    "Explanation",
]
