"""Texts that a plan file or a table can hold and that must stay text wherever they are shown."""

from __future__ import annotations

#: Each would do something if it were obeyed; all set `window.pwned` where they can.
HOSTILE = {
    "image": "<img src=x onerror=window.pwned=1>",
    "script": "</script><script>window.pwned=1</script>",
    "comment": "<!--<script>",
    "attribute": "' onmouseover='window.pwned=1",
    "quote": '"><svg onload=window.pwned=1>',
    "template": "{{ state }}{% raw %}",
    "brackets": "[/b]",
    "colour": "[red]x",
    "link": "[link=http://evil.example]x[/link]",
    "escape": "\x1b[31mred\x1b]0;title\x07",
    "c1": "\x9b31mred",
    "line": "a\u2028b\u2029c",
    "turned": "\u202eabc",
    "hover": "%{x}%{customdata[0]}",
    "dollar": "${window.pwned=1}`",
    "nul": "a\x00b",
    "half": "a\ud800b",
    "percent": "100 % <b>bold</b> &lt;i&gt;",
    "long": "a very long name of an annotator " * 3,
    "arabic": "\u062e\u0628\u064a\u0631",
}
