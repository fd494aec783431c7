"""A small real Hub for the tests: the wire contract of the Hugging Face Hub over real sockets, in memory.

It is driven by the real client and knows nothing of the agent.

>>> with LocalHub() as hub:
...     mia = hub.add_user("mia", token="hf_mia")
...     first = hub.write("mia/digits", {"config.json": b"{}"}, user="mia")
...     hub.files("mia/digits") == hub.files("mia/digits", first), sorted(hub.files("mia/digits"))
(True, ['.gitattributes', 'config.json'])
"""

from localhub.faults import Fault
from localhub.hub import ASK, SWITCHES, LocalHub

__all__ = ["ASK", "SWITCHES", "Fault", "LocalHub"]
