"""Files of an agent as somebody else might have changed them."""

import json

from agent import store


def changed(files, **config):
    """The files with other values in config.json."""
    old = json.loads(files["config.json"])
    return files | {"config.json": json.dumps(old | config).encode()}


def signed(files):
    """The files as a forger would give them: the digest fits what they hold."""
    config = json.loads(files["config.json"])
    return changed(files, digest=store.digest(config, files))
