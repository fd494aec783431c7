"""The Space: a page with one tab for each entry of `agent.ui.TABS`. `python app.py` serves it on GRADIO_SERVER_PORT."""

from agent import startup  # sets environment variables that numba and gradio read on import

if __name__ == "__main__":
    startup.compile_kernels()  # in other processes, while this one imports gradio
startup.import_gradio()

import gradio as gr  # noqa: E402

from agent import ui  # noqa: E402
from agent.ui.page import Page  # noqa: E402
from agent.ui.server import api, gradio_patches, serving  # noqa: E402
from agent.ui.server.limits import FILES_S  # noqa: E402
from agent.ui.texts import OTHERS, speaking, texts  # noqa: E402


def lay_out(page: Page) -> None:
    """Lay out the tabs in the current language."""
    with gr.Tabs(elem_id="tabs"):
        for tab in ui.TABS:
            page.tab(tab)
        page.group("laboratory", ui.LABORATORY)
    page.open(demo)


gradio_patches.apply()
with gr.Blocks(title=texts.TITLE, analytics_enabled=False, delete_cache=(min(600, FILES_S), FILES_S)) as demo:
    page = Page()
    api.build(page)
    lay_out(page)
for language in OTHERS:
    with demo.route(language.name, language.path, show_in_navbar=False), speaking(language):
        lay_out(Page())
api.seal(demo)

if __name__ == "__main__":
    startup.warm_up()
    serving.launch(demo)
