"""`python app.py` over https, as a Space is served; SSL_KEY and SSL_CERTIFICATE name the files for it."""

import functools
import os
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import gradio  # noqa: E402

import app  # noqa: E402, F401  (its environment comes before gradio)

gradio.Blocks.launch = functools.partialmethod(
    gradio.Blocks.launch,
    ssl_keyfile=os.environ["SSL_KEY"],
    ssl_certfile=os.environ["SSL_CERTIFICATE"],
    ssl_verify=False,
)
runpy.run_path(str(ROOT / "app.py"), run_name="__main__")
