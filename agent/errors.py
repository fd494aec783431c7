"""The one exception a caller of Pupil is meant to catch."""


class AgentError(ValueError):
    """A request that cannot be met: what was expected, what came, what to do.

    Nothing has changed when it is raised: no half-learned lesson, no half-written file.

    Examples
    --------
    >>> raise AgentError("expected a label of 1 to 8 characters, got ''. Type what it is.")
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected a label of 1 to 8 characters, got ''. Type what it is.
    """
