"""The real client at the small Hub, and files to send."""

import io

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
)

CARD = """---
library_name: pupil
pipeline_tag: image-classification
license: mit
tags: [pupil-agent, weightless]
datasets: [mnist]
base_model: ben/first
---
# Digits
"""


def api(hub, name="mia"):
    """The real client, signed in as somebody or anonymous."""
    return HfApi(endpoint=hub.url, token=f"hf_{name}" if name else False)


def adds(**files):
    """Files to commit; a double underscore stands for a dot."""
    return [
        CommitOperationAdd(name.replace("__", "."), io.BytesIO(data if isinstance(data, bytes) else data.encode()))
        for name, data in files.items()
    ]


def refused(status, call, *words, **named):
    """The error of a call that must be refused with this status."""
    with pytest.raises(HfHubHTTPError) as got:
        call(*words, **named)
    assert got.value.response.status_code == status, got.value
    return got.value


def created(hub, name="mia/digits", **files):
    """A repository of Mia's with a commit through the client."""
    api(hub).create_repo(name)
    return api(hub).create_commit(name, adds(**files or {"config__json": "{}"}), commit_message="Learn").oid
