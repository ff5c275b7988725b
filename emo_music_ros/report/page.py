# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A report as one HTML file: nothing is loaded, no script runs, what is foreign is escaped."""

from __future__ import annotations

from collections.abc import Iterable

from emo_music_ros.dashboard.markup import Markup, element, join
from emo_music_ros.dashboard.words import Words
from emo_music_ros.report import charts
from emo_music_ros.report.content import Block, Heading, Picture, Points, Table, Text, Tiles

_STYLE = """
:root { color-scheme: light dark; --ground: #faf8f4; --paper: #fff; --ink: #1b1b1f;
  --soft: #55555e; --line: #c9c5bb; --bad: #a3201d; }
@media (prefers-color-scheme: dark) { :root { --ground: #15161a; --paper: #1f2127;
  --ink: #f1efe9; --soft: #b6b3ac; --line: #454750; --bad: #ff9a94; } }
* { box-sizing: border-box; }
html { font: 1.2rem/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", "DejaVu Sans", sans-serif; }
body { margin: 0 auto; max-width: 66rem; padding: 0 1rem 3rem; background: var(--ground);
  color: var(--ink); }
h1 { font-size: 2rem; line-height: 1.2; margin: 2rem 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.4rem; margin: 2.2rem 0 .6rem; border-bottom: 2px solid var(--line); }
h3 { font-size: 1.15rem; margin: 2rem 0 .4rem; }
p, li { margin: .4rem 0; overflow-wrap: anywhere; }
ul { margin: 0; padding-left: 1.4rem; }
.note { color: var(--soft); font-size: 1rem; }
.warning { border: 3px solid var(--bad); border-radius: .7rem; padding: .6rem 1rem;
  font-weight: 650; }
.tiles { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr));
  margin: 1rem 0; }
.tiles div { background: var(--paper); border: 1px solid var(--line); border-radius: .9rem;
  padding: .8rem 1rem; }
.tiles strong { display: block; font-size: 2.1rem; line-height: 1.2; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 1rem; background: var(--paper); }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
figure { margin: .8rem 0; background: var(--paper); border: 1px solid var(--line);
  border-radius: .9rem; padding: .5rem; overflow-x: auto; }
svg { width: 100%; min-width: 40rem; height: auto; display: block; color: var(--ink); }
svg text { font-family: system-ui, "Noto Sans", "Noto Sans CJK SC", "DejaVu Sans", sans-serif
  !important; }
@media print { html { font-size: 11pt; } .tiles div, figure, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; } }
"""


def page(blocks: Iterable[Block], words: Words) -> str:
    """Return the report as HTML."""
    shown = [_shown(block, words) for block in blocks]
    title = next((text for text in shown if text.startswith("<h1")), "")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Markup(title.replace("h1>", "title>")),
        element("style", Markup(_STYLE)),
    )
    body = element("body", *shown)
    return join(Markup("<!doctype html>"), element("html", head, body, lang=words.language))


def _shown(block: Block, words: Words) -> Markup:
    if isinstance(block, Heading):
        return element(f"h{block.level}", block.text)
    if isinstance(block, Text):
        return element("p", block.text, class_=block.kind or False)
    if isinstance(block, Points):
        return element("ul", *(element("li", each) for each in block.texts))
    if isinstance(block, Tiles):
        pairs = (element("div", element("strong", value), told) for value, told in block.pairs)
        return element("div", *pairs, class_="tiles")
    if isinstance(block, Picture):
        return _figure(block, words)
    return _table(block)


def _figure(block: Picture, words: Words) -> Markup:
    drawn = Markup(charts.svg(block.session, words))
    return element("figure", drawn, role="img", aria_label=block.told)


def _table(block: Table) -> Markup:
    head = element(
        "tr",
        *(
            element("th", each, scope="col", style=f"width: {100 * wide:.0f}%")
            for each, wide in zip(block.header, block.widths)
        ),
    )
    rows = (element("tr", *(element("td", each) for each in row)) for row in block.rows)
    return element("div", element("table", head, *rows), class_="scroll")
