"""The Space: one page, one tab per entry of `agent.ui.TABS`. `python app.py` serves it on GRADIO_SERVER_PORT."""

import contextlib
import importlib.util
import os
import sys
from collections.abc import AsyncIterator

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
os.environ.setdefault("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# After every event gradio sums up all it has served, in pandas, for a page that is switched off here.
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "100")
# Around every event gradio asks matplotlib how it draws; unless it is said, the first answer takes half a second.
os.environ.setdefault("MPLBACKEND", "agg")

from agent.kinds.warm import compile_apart  # noqa: E402

compiling = compile_apart() if __name__ == "__main__" else []  # while this process imports gradio

import gradio as gr  # noqa: E402  (after the environment)
from fastapi import FastAPI  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from agent import ui  # noqa: E402
from agent.ui import api, lighter, look, memory, warm, words  # noqa: E402
from agent.ui.closed import Closed  # noqa: E402
from agent.ui.delivery import Delivery  # noqa: E402
from agent.ui.guard import HANDLERS, Answered, BodyCap  # noqa: E402
from agent.ui.language import OTHERS, Heard, speaking  # noqa: E402
from agent.ui.pace import Pace  # noqa: E402
from agent.ui.page import Page  # noqa: E402

if importlib.util.find_spec("mcp") and os.environ.get("PUPIL_MCP", "1") != "0":  # gradio's extra
    from agent.ui.mcp_server import Tools, running
else:
    Tools = running = None


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[None]:
    """Get ready before the first request, and take requests for tools as long as the app runs."""
    lighter.ask_first(app)
    memory.settle()
    async with running(app) if running else contextlib.nullcontext():
        yield


def lay_out(page: Page) -> None:
    """Lay out the tabs, in the language that is spoken."""
    with gr.Tabs(elem_id="tabs"):
        for tab in ui.TABS:
            page.tab(tab)
    page.open(demo)


with gr.Blocks(title=words.TITLE, analytics_enabled=False, delete_cache=(3600, 86400)) as demo:
    page = Page()
    api.build(page)
    lay_out(page)
for other in OTHERS:
    with demo.route(other.name, other.path, show_in_navbar=False), speaking(other):
        lay_out(Page())
api.seal(demo)
layers = (Delivery, Heard, Answered, BodyCap, Closed, Pace, Tools)  # that a request passes, the outermost first
lighter.keep_no_values()
lighter.do_at_once()
lighter.write_once()

# Thirty pupils who open the page at once ask for 90 events; nobody gets past the queue.
# Everybody who waits is told how long every two seconds, not whenever anybody is served.
demo.queue(max_size=300, default_concurrency_limit=4, api_open=False, status_update_rate=2)
lighter.look_less(demo)

if __name__ == "__main__":
    sys.setswitchinterval(0.0005)  # strokes need the interpreter often and for short: a course that runs lets go of it
    memory.give_back_large()
    warm.start(compiling)
    demo.launch(
        theme=look.THEME,
        css=look.css(),
        head=look.head(),
        ssr_mode=False,
        run_history=False,
        max_file_size="64mb",
        footer_links=["api"],
        show_error=False,
        enable_monitoring=False,
        mcp_server=False,  # there is one with keys: agent/ui/mcp_server.py
        state_session_capacity=500,  # each holds the whole page's settings; a desk is found again without
        app_kwargs={
            "middleware": [Middleware(layer) for layer in layers if layer],
            "lifespan": served,
            "exception_handlers": HANDLERS,
        },
    )
