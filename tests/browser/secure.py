"""`python app.py` over https, as a Space is served; SSL_KEY and SSL_CERTIFICATE name the files for it."""

import functools
import os
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def serve():
    """Serve the app until it is stopped."""
    sys.path.insert(0, str(ROOT))
    import app  # noqa: F401  (its environment comes before gradio)

    import gradio  # isort: skip

    gradio.Blocks.launch = functools.partialmethod(
        gradio.Blocks.launch,
        ssl_keyfile=os.environ["SSL_KEY"],
        ssl_certfile=os.environ["SSL_CERTIFICATE"],
        ssl_verify=False,
    )
    runpy.run_path(str(ROOT / "app.py"), run_name="__main__")


if __name__ == "__main__":
    serve()
