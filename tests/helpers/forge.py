"""Files of an agent as somebody else might have changed them."""

import datetime
import json
import os

from agent.storage import serialization

SEED = int(
    os.environ.get("FORGE_SEED") or f"{datetime.date.today():%Y%m%d}"
)  # other faults every day, or those of a day


def changed(files, **config):
    """The files with other values in config.json."""
    old = json.loads(files["config.json"])
    return files | {"config.json": json.dumps(old | config).encode()}


def signed(files):
    """The files as a forger would give them: the digest fits what they hold."""
    config = json.loads(files["config.json"])
    return changed(files, digest=serialization.digest(config, files))
