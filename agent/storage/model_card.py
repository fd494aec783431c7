"""The card of an agent, for people and for the Hub: what it learned, from what, how well, and how to load it.

The Hub reads the lines on top, YAML of which every value is written as JSON; names and labels are strangers' text there
and below.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from agent.agents import Agent
from agent.agents.pupil import Pupil
from agent.lessons import Bulk
from agent.metrics import Score

TAG = "pupil-agent"
LABELS_TAG = "pupil:labels"
MAX_LABELS = 30
MAX_BULK = 20


def card(pupil: Agent, tested: Sequence[Score] = ()) -> str:
    """Write the card of an agent, of any family.

    Examples
    --------
    >>> from agent.agents import new
    >>> written = card(new("nearest", name="Mia"), [Score("MNIST, test", 9, 10)])
    >>> [line for line in written.splitlines() if "Mia" in line][-1], "right: 9 of 10" in written
    ('# Mia', True)
    """
    lines = ["---", *(f"{name}: {json.dumps(value)}" for name, value in _metadata(pupil, tested).items()), "---"]
    lines += ["", f"# {plain(pupil.name)}", "", f"An agent of kind *{pupil.kind}*: it {pupil.model.SUMMARY}.", ""]
    lines += _lessons(pupil) if isinstance(pupil, Pupil) else _numbers(pupil)
    lines += [f"- right: {result.n_right:,} of {result.n_asked:,} ({plain(result.on)})" for result in tested]
    lines += [f"- grown from {plain(pupil.lineage.parent)}"] if pupil.lineage.parent else []
    lines += [f"- joined: {plain(repo_id)}" for repo_id in pupil.lineage.joined]
    if pupil.labels and isinstance(pupil, Pupil):
        lines += ["", "What it sees when it thinks of each label:", "", "![mental images](labels.png)"]
    where = pupil.lineage.home or "this folder, or its .zip"
    lines += ["", "```python", "import agent", f'pupil = agent.load("{where}")', "```", ""]
    return "\n".join(lines)


def _lessons(pupil: Pupil) -> list[str]:
    """Tell which drawings it was taught, and by whom."""
    user_lessons = pupil.lessons.user_lessons()
    lines = [f"- lessons: {pupil.n_lessons:,}, of them {len(user_lessons):,} drawn by its teacher"]
    lines += [f"- labels: {' '.join(plain(label) for label in pupil.labels) or 'none yet'}"]
    per_label = {label: sum(lesson.label == label for lesson in user_lessons) for label in pupil.labels}
    lines += [f"- {plain(label)}: {n:,} drawn lessons" for label, n in per_label.items() if n]
    bulk = _bulk(pupil)
    lines += [f"- {entry.n_lessons:,} lessons from {_source(entry)}" for entry in bulk[:MAX_BULK]]
    rest = sum(entry.n_lessons for entry in bulk[MAX_BULK:])
    return lines + ([f"- {rest:,} lessons more, in {len(bulk) - MAX_BULK:,} parts"] if rest else [])


def _numbers(pupil: Agent) -> list[str]:
    """Tell what is known of an agent of another family."""
    stats = {"lessons": f"{pupil.n_lessons:,}", **pupil.model.stats()}
    return [f"- {plain(name)}: {plain(value)}" for name, value in stats.items()]


def plain(text: str) -> str:
    """Escape untrusted text: no Markdown, no HTML.

    Examples
    --------
    >>> plain("<b>7")
    '&#60;b&#62;7'
    """
    return "".join(char if char.isalnum() or char in " .,-_/" else f"&#{ord(char)};" for char in text)


def _metadata(pupil: Agent, tested: Sequence[Score]) -> dict[str, Any]:
    """What the Hub indexes."""
    from_mnist = any('"mnist"' in json.dumps(entry.source) for entry in _bulk(pupil))
    about: dict[str, Any] = {
        "library_name": "pupil",
        "pipeline_tag": pupil.PIPELINE_TAG,
        "tags": [TAG, *pupil.TAGS, *(["mnist"] if from_mnist else []), *_gallery_tags(pupil, tested)],
        "license": "cc-by-sa-3.0" if from_mnist else "mit",  # MNIST's drawings are among its lessons
    }
    if from_mnist:
        about["datasets"] = ["ylecun/mnist"]
    joined = [repo_id for repo_id in pupil.lineage.joined if repo_id != pupil.lineage.home]
    parents = [*filter(None, [pupil.lineage.parent]), *joined]
    if parents:
        about["base_model"] = list(dict.fromkeys(parents))
        about["base_model_relation"] = "merge" if joined else "finetune"
    if tested:
        about["model-index"] = [{"name": pupil.name, "results": [_result(result) for result in tested]}]
    return about


def _gallery_tags(pupil: Agent, tested: Sequence[Score]) -> list[str]:
    """What the gallery shows, as tags: they come with every list of repos."""
    labels = ",".join(quote(label, safe="") for label in pupil.labels[:MAX_LABELS])
    tags = [f"pupil:kind={pupil.kind}", f"pupil:lessons={pupil.n_lessons}", f"{LABELS_TAG}={labels}"]
    return tags + [f"pupil:right={result.n_right}/{result.n_asked}" for result in tested[:1]]


def _result(tested: Score) -> dict[str, Any]:
    name = f"right of {tested.n_asked} asked"
    return {
        "task": {"type": "image-classification"},
        "dataset": {"name": tested.on, "type": "mnist" if tested.on.startswith("MNIST") else "drawings"},
        "metrics": [{"type": "accuracy", "name": name, "value": round(tested.accuracy, 4)}],
    }


def _bulk(pupil: Agent) -> list[Bulk]:
    standing = pupil.lessons.standing() if isinstance(pupil, Pupil) else ()
    return [entry for entry in standing if isinstance(entry, Bulk)]


def _source(bulk: Bulk) -> str:
    if bulk.source is None:
        return "drawings that came with their labels"
    return plain(json.dumps(bulk.source)[:200])
