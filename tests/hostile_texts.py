"""What strangers may write: texts, paths, numbers, JSON, cards, sources."""

import math

MARKUP_TEXTS = [
    "<script>alert(1)</script>", "<b>7", "<img src=x onerror=alert(1)>", "</div>", "<svg/onload=alert(1)>", "&lt;b&gt;",
    '"><i>', "' onx='", "javascript:alert(1)", "[x](javascript:alert(1))", "![x](http://127.0.0.1:9/x)", "<!--", "-->",
    "<style>*{}", "<a href=//x>", "<iframe>", "&#60;", "&amp;amp;", "<br\n>", "<SCRIPT>", "%3Cb%3E", "data:text/html,x",
]  # fmt: skip
TEMPLATE_TEXTS = [
    "{{7*7}}", "${7*7}", "${alert(1)}", "`id`", "$(id)", "#{7*7}", "{%x%}", "{0}", "{}", "{name}", "%s", "%(x)s", "%n",
    "<%=7%>", "\\", "\\u0041", "@{x}", "*{x}", "~x~", "`${x}`", "{{x}}", "{x!r}", "\\n", "$$x$$", "\\(x\\)",
]  # fmt: skip
UNSEEN_TEXTS = [
    "\u202e321", "\u2066x\u2069", "\u200b", "\u200fx", "\ufeff", "a\u0000b", "\u0007", "\u001b[31m", "\r\n", "\t", "\u0085",
    "\u2028", "\u2029", "\ud800", "\udfff\ud800", "\u00ad", "\u3164", "\ufffe", "\U000e0041", "\u061c", "\x7f", "\u180e",
]  # fmt: skip
ODD_TEXTS = [
    "", " ", "   7", "7 ", "é", "e\u0301", "\u0301", "x" * 8, "x" * 9, "x" * 60, "x" * 61, "x" * 10_000, "null", "None",
    "true", "NaN", "-1", "1e9", "0x7", "⑦", "٧", "七", "👩‍👩‍👧", "🏳️‍🌈", "ﷺ", "Z̸̡̛̜͂", "\U0001f600" * 8, "__proto__", "..",
    "constructor", "../../x", "/etc/x", "C:\\x", "file:///x", "~", ".", "-", "--x", "- x", "# x", "---", "* x", "|x|", "1. x",
    "a,b", "a=b", "a;b", "'; --", "x\"y", "x'y", "SELECT 1", "CON", "*", "?", ":x:", "@mia", "#1", "Ω" * 8, "ß" * 60,
]  # fmt: skip
HOSTILE_TEXTS = [*MARKUP_TEXTS, *TEMPLATE_TEXTS, *UNSEEN_TEXTS, *ODD_TEXTS]

HOSTILE_REPO_IDS = [
    "../etc", "a/../b", "/etc/passwd", "a//b", "a/b/c", "a\\b", "a/b.git", "C:/x", "a/..", "./a", "a/b\n", "a/\u202eb",
    "http://x/y", "a/b?x=1", "a/b#x", "a/" + "b" * 5000, "", "a", "a/b ", "<b>/x", "a/-b", "~/x", "a/b\0", 7, None, ["a/b"],
]  # fmt: skip
ODD_PATHS = [
    "../evil.py", "a/../../evil", "/etc/passwd", "config.json/x", "CONFIG.JSON", "agent.pkl", "pytorch_model.bin", ".env",
    "conftest.py", "con.json", "a\\b", "config.json ", "-rf", "~/x", "x" * 250, "é/ü", "\u202egpj.x", "<b>.md", "a\nb", "%2e%2e/x",
    "README.md.lock", "agent.safetensors.index.json", "__init__.py", "sitecustomize.py", ".git/config", "refs/main", "..", "a//b",
]  # fmt: skip
NUMBERS = [
    -1,
    0,
    1,
    2**31,
    2**32 - 1,
    2**32,
    2**53,
    2**63 - 1,
    2**63,
    2**64,
    10**30,
    10**400,
    True,
    False,
    1.0,
    0.5,
    -0.0,
]
NUMBERS += [1e308, math.inf, -math.inf, math.nan, "7", "", None, [], {}, [1], {"a": 1}]
JSON_BOMBS = [
    b"", b"[]", b"{}", b"null", b"7", b"[" * 90_000, b'{"a":' * 15_000, b"9" * 5000, b"1e999", b'{"format": NaN}', b"\xff\xfe{}",
    b'{"format": 1, "format": 1}', b"{" + b'"a":1,' * 9000 + b'"a":1}', b'"' + b"\\ud800" * 9000 + b'"', b" " * 99_000,
    '{"format": 1}'.encode("utf-16"), b"\xef\xbb\xbf{}", b"\0" * 500, b"{'format': 1}", b"\x80\x04\x95", b"[[],[]]" * 9000,
]  # fmt: skip
CARD_FRONTS = [
    "tags: 5", "tags: {a: 1}", "ignore_metadata_errors: true", "self: 1", "model-index: x", "model-index: [{}]", "eval_results: [1]",
    "model-index: [{name: x, results: [{}]}]", "base_model: [[1]]", "library_name: [1]", "pipeline_tag: {}", "license: 5",
    "datasets: {}", "language: 2020-01-01", "metrics: .nan", "- 1", "7", "x: !!python/object/apply:os.system [id]",
    "a: &a [1, 1, 1, 1]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]", "{", "x: " + "[" * 800 + "]" * 800, "? [1]\n: 2",
    "id: x", "kwargs: 1", "__class__: x", "tags: [[1], {}, null, 7]", "widget: 5", "config: [1]", "sha: '../../etc'", "siblings: []",
]  # fmt: skip
RULES = b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n*.png filter=lfs diff=lfs merge=lfs -text\n"
SIZES = [-1, 0, 1, 64_000_001, 10**12, 2**63, 10**400, None, "12", 1.5, True, [], {}, "x" * 5000]
HOSTILE_SOURCES = [
    {"task": "../../etc/passwd"}, {"task": "os"}, {"task": "__import__"}, {"task": 7}, {}, {"task": "digits"}, {"sets": {"mnist": 1}},
    {"task": "digits", "sets": {"mnist": 10**30}}, {"task": "digits", "sets": {"/etc/passwd": 1}}, {"task": "digits", "sets": 7},
    {"task": "digits", "sets": {"../x": None}, "labels": [], "seed": 0, "balanced": True, "split": "train"},
    {"task": "strokes", "n": 10**12, "seed": -1}, {"task": "digits.__class__"}, {"task": None}, {"task": "font:../../x"},
    {"x": "<script>" * 400}, {"x": "x" * 60_000}, {"mnist": "mnist"}, {str(number): number for number in range(500)},
]  # fmt: skip
