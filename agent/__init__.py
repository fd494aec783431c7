"""Pupil: a weightless agent that learns digits, or any symbol, from drawings and corrections.

Examples
--------
>>> import agent
>>> drawings, labels = agent.tasks.digits.mnist("train")
>>> pupil = agent.new("recall", seed=0)
>>> pupil.learn_many(drawings[:60], labels[:60])
>>> pupil.learn_one(drawings[60], labels[60])
>>> pupil.predict_one(drawings[60]).label == labels[60]
True
>>> pupil.forget_one(drawings[60], labels[60])
>>> pupil.imagine("7").shape
(28, 28)
"""

from agent import tasks
from agent.errors import AgentError
from agent.hub import load
from agent.kinds import KINDS, Guess
from agent.pupil import Pupil, new
from agent.store import save
from agent.tasks import TASKS

__all__ = ["KINDS", "TASKS", "AgentError", "Guess", "Pupil", "load", "new", "save", "tasks"]
