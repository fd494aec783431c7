"""The Space: one page, one tab per entry of `agent.ui.TABS`. `python app.py` serves it on GRADIO_SERVER_PORT."""

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
os.environ.setdefault("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from agent.kinds.warm import compile_apart  # noqa: E402

compiling = compile_apart() if __name__ == "__main__" else []  # while this process imports gradio

import gradio as gr  # noqa: E402  (after the environment)
from starlette.middleware import Middleware  # noqa: E402

from agent import ui  # noqa: E402
from agent.ui import api, look, warm, words  # noqa: E402
from agent.ui.guard import HANDLERS, BodyCap  # noqa: E402
from agent.ui.page import Page  # noqa: E402

with gr.Blocks(title=words.TITLE, analytics_enabled=False, delete_cache=(3600, 86400)) as demo:
    page = Page()
    api.build(page)
    with gr.Tabs(elem_id="tabs"):
        for tab in ui.TABS:
            page.tab(tab)
    page.open(demo)
api.seal(demo)

demo.queue(max_size=64, default_concurrency_limit=4)

if __name__ == "__main__":
    warm.start(compiling)
    demo.launch(
        theme=look.THEME,
        css=look.css(),
        ssr_mode=False,
        run_history=False,
        max_file_size="64mb",
        footer_links=["api"],
        show_error=False,
        enable_monitoring=False,
        app_kwargs={"middleware": [Middleware(BodyCap)], "exception_handlers": HANDLERS},
    )
