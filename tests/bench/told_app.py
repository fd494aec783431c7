"""The app as `python app.py` serves it, which also writes what its sessions hold to the file `TOLD` every few seconds."""

import os
import runpy
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EVERY_S = 2.0


def tell(path: Path) -> None:
    """Write how many sessions there are, and the megabytes that they count."""
    while True:
        time.sleep(EVERY_S)
        session = sys.modules.get("agent.ui.session")
        if hasattr(session, "SESSIONS"):
            slots = list(session.SESSIONS._slots.values())
            path.write_text(f"{len(slots)} {sum(slot.n_bytes for slot in slots) / 1e6}")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    threading.Thread(target=tell, args=[Path(os.environ["TOLD"])], daemon=True).start()
    runpy.run_path(str(ROOT / "app.py"), run_name="__main__")
