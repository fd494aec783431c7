"""Texts about what a visitor's browser keeps, and about a server that has much to do."""

from __future__ import annotations

from agent.ui.language import translated

ERROR, WARNING, NEWS = "Error", "Warning", "Info"  # above what is told in a corner
NOTHING_KEPT = "Your agent was cleared after a long pause, and this browser keeps no lessons. Load your file to go on."
AWAY = "Your desk was cleared after a long pause. Reload the page: your lessons come back from this browser."
WAIT = "Your agent is coming back from what this browser keeps. Teach it in a moment."
COMING_BACK = "Coming back: {share} %"
NO_ROOM = "This browser has no room for more lessons. Save your agent to a file before you go."
TOO_FAST = "That was too much at once. Wait two seconds, then go on: nothing is lost."
DISK_BUSY = "Too many files came in within the last hour. Try again in a few minutes."
NOT_UNDERSTOOD = "Expected a request as the page or a client sends it, got another. Look it up under /?view=api."
CLOSED = "Expected one of this app's own routes, got another. Look them up under /?view=api."
NO_UPLOAD = "Expected a file that was uploaded, got another. Upload it to /gradio_api/upload first."

# ------------------------------------------------------------------ tools, and limits of one desk
TOOLS = (
    "Raise an agent that learns digits, or any symbol, from drawings: new_agent gives its key, teach it one drawing "
    "at a time with its label, then let it guess others."
)
TOOLS_HERE = "Expected a POST of an MCP client (streamable HTTP), got something else. The page is at /."
NO_SUCH_AGENT = "expected the key of an agent, got one that nobody has. It may have been cleared: ask new_agent again."
MANY_AGENTS = "expected fewer new agents within a while, got one more. Use the one you have, or wait a minute."
MANY_CALLS = "expected fewer calls at once, got one more than can wait. Try again in a few seconds."
TOOL_FAILED = "expected that to work, got a mistake of the app's own. Nothing was taught. Try something else."
MANY_LESSONS = "expected at most {n} lessons within an hour, got one more. Wait {minutes}: nothing is lost."
MANY_SHARES = "expected at most {n} pushes and proposals within an hour, got one more. Wait {minutes}."

translated(__name__)
