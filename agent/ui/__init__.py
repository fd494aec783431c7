"""The app's tabs. To add one, write its file with ``build(page)``, and add it to a tuple.

``build(page)`` lays the tab out and gives ``(refresh, outputs)``: the handler that brings ``outputs`` up to date when
the tab is opened. The tab is named after its module, unless ``[common.TABS]`` of ``texts/en.toml`` has a name for it.
"""

from agent.ui.tabs import compare, design, draw, frames, inside, numbers, overview, share, teach

TABS = (draw, teach, inside, share)
LABORATORY = (overview, numbers, frames, compare, design)  # tabs of one tab
