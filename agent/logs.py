"""Logs that come from outside: what they tell must be what can have happened."""

from __future__ import annotations

from collections.abc import Sequence

from agent import retina
from agent.errors import AgentError
from agent.labels import MAX_LABEL_CHARS, clean_label, clean_name
from agent.lessons import Bulk, Joined, Lesson, Lessons, Studied

LAST_MOMENT = 253_402_300_799  # the last second of the year 9999


def check_log(lessons: Lessons, labels: Sequence[str] | None) -> None:
    """Check that what a log tells can have happened: labels, times, drawings, counts.

    Parameters
    ----------
    lessons : Lessons
        The log, read from a file.
    labels : sequence of str, optional
        What the agent knows, where it remembers every label it was told.

    Raises
    ------
    AgentError
        It cannot have happened.
    """
    for event in lessons.events:
        said = [event.get("label"), event.get("guessed"), *event.get("labels", [])]
        if any(name is not None and (type(name) is not str or clean_label(name) != name) for name in said):
            raise AgentError(f"expected labels of 1 to {MAX_LABEL_CHARS} characters in the log, got {str(said)[:80]}.")
        if event["event"] == "join":
            clean_name(event["name"])
        if not 0 <= event.get("when", 0) <= LAST_MOMENT:
            raise AgentError(f"expected seconds since 1970 in the log, got {str(event['when'])[:40]}.")
    n_lessons = 0
    for entry in lessons.standing():
        n_lessons += 1 if isinstance(entry, Lesson) else entry.n_lessons
        if isinstance(entry, Bulk):
            counts = {entry.n_lessons, *(len(part) for part in (entry.drawings, entry.labels) if part is not None)}
            if len(counts) > 1:
                raise AgentError(f"expected a drawing and a label for each bulk lesson in the log, got {counts}.")
        elif isinstance(entry, (Studied, Joined)):
            continue
        elif (retina.keep(entry.drawing) != entry.drawing).any() or not retina.has_ink(entry.drawing):
            raise AgentError(f"expected a drawing as an agent keeps it in the log, got another one as {entry.label!r}.")
        if isinstance(entry, Lesson) and labels is not None and entry.label not in labels:
            raise AgentError(f"expected lessons of {' '.join(labels) or 'nothing'} in the log, got {entry.label!r}.")
    if n_lessons < 0:
        raise AgentError(f"expected at most as many lessons forgotten as taught in the log, got {-n_lessons} more.")
