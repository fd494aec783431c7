"""The app's tabs. To add one, write its file with ``title()`` and ``build(page)``, and add it to the tuple.

``build(page)`` lays the tab out and gives ``(fill, outputs)``: the handler that brings ``outputs`` up to date whenever
the tab is opened.
"""

from agent.ui import compare, draw, frames, inside, numbers, share, teach

TABS = (draw, teach, inside, share, numbers, frames, compare)
