# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What changes on the pages, as pieces of HTML that are sent anew when they change."""

from __future__ import annotations

from collections.abc import Callable

from emo_music_ros.dashboard import telling
from emo_music_ros.dashboard.call_section import calls
from emo_music_ros.dashboard.markup import Markup, element, join
from emo_music_ros.dashboard.reason_words import spoken
from emo_music_ros.dashboard.sensing_section import notice
from emo_music_ros.dashboard.state import Snapshot
from emo_music_ros.dashboard.words import Words

#: Half the width of the plane, in its own units.
_PLANE = 100
#: Most candidates that are shown.
_MOST_NEXT = 5

#: Stand before everything else, and take no room where there is nothing to say.
FIRST = ("calls", "notice")

Section = Callable[[Snapshot, Words], Markup]


def feels(now: Snapshot, words: Words) -> Markup:
    """Return how the person seems, or that it is not known and why."""
    name, note = telling.feeling(now, words)
    return join(element("p", name, class_="state"), element("p", note))


def parts(now: Snapshot, words: Words) -> Markup:
    """Return a bar per modality: its weight, how old it is, how good."""
    rows = [
        element(
            "li",
            element("span", part.label, class_="label"),
            bar(part.weight),
            element("span", part.note, class_="note"),
        )
        for part in telling.shares(now, words)
    ]
    return element("ul", *rows, class_="bars") if rows else element("p", words("no_parts"))


def plane(now: Snapshot, words: Words) -> Markup:
    """Return the plane of valence and arousal with the trail, the point now and the target."""
    here, target, trail = telling.places(now)
    told = words("plane_told", point=_spoken(here, words), target=_spoken(target, words))
    drawn = [
        element("title", told),
        element("line", x1=-_PLANE, y1=0, x2=_PLANE, y2=0, class_="axis"),
        element("line", x1=0, y1=-_PLANE, x2=0, y2=_PLANE, class_="axis"),
        _label(words("pleasant"), _PLANE - 2, -4, "end"),
        _label(words("unpleasant"), 2 - _PLANE, -4, "start"),
        _label(words("lively"), 4, 10 - _PLANE, "start"),
        _label(words("quiet"), 4, _PLANE - 4, "start"),
    ]
    if len(trail) > 1:
        line = " ".join(f"{x * _PLANE:.1f},{-y * _PLANE:.1f}" for x, y in trail)
        drawn.append(element("polyline", points=line, class_="trail"))
    for point, kind, radius in ((target, "target", 7), (here, "here", 6)):
        if point is not None:
            x, y = point[0] * _PLANE, -point[1] * _PLANE
            word = words("at_target" if kind == "target" else "at_now")
            # the word goes where there is room for it
            side, anchor = (-12, "end") if x > _PLANE / 2 else (12, "start")
            drawn += [
                element("circle", cx=x, cy=y, r=radius, class_=kind),
                _label(word, x + side, y + 4, anchor),
            ]
    size = f"{-_PLANE - 4} {-_PLANE - 4} {2 * _PLANE + 8} {2 * _PLANE + 8}"
    return element("svg", *drawn, viewBox=size, role="img", aria_label=told)


def title(now: Snapshot, words: Words) -> Markup:
    """Return what plays, and nothing else."""
    name, artist, status = telling.piece(now, words)
    found = [element("p", name, class_="title")]
    if status:
        found += [element("p", artist, class_="artist"), element("p", status, class_="note")]
    return join(*found)


def music(now: Snapshot, words: Words) -> Markup:
    """Return what plays, how far it is, how loud, and why it was chosen."""
    playing, done = now.playing, telling.progress(now)
    found: list[str] = [title(now, words)]
    if done is not None:
        found.append(bar(done))
    if playing is not None:
        found.append(element("p", telling.playback(now, words), class_="note"))
        if playing.backend == "null":
            found.append(element("p", words("no_sound"), class_="warn"))
        if playing.error:
            found.append(element("p", playing.error, class_="error"))
        if playing.advice:
            found.append(element("p", spoken(playing.advice, words.language), class_="note"))
    reason = telling.why(now, words)
    if reason:
        found.append(element("p", reason))
    return join(*found)


def upcoming(now: Snapshot, words: Words) -> Markup:
    """Return the candidates with what speaks for them."""
    ranked = now.choice.ranked if now.choice is not None else ()
    rows = [
        element(
            "li",
            element("strong", each.title),
            f" {each.artist}",
            element("br"),
            element(
                "span",
                words(
                    "ranked",
                    score=telling.number(each.score),
                    need=telling.number(each.need),
                    taste=telling.number(each.taste),
                    history=telling.number(each.history),
                ),
                class_="note",
            ),
        )
        for each in ranked[:_MOST_NEXT]
    ]
    return element("ol", *rows) if rows else element("p", words("no_next"))


def body(now: Snapshot, words: Words) -> Markup:
    """Return heart rate and skin conductance where they are measured."""
    rows = [
        element("p", element("strong", words(name)), f" {words(f'{name}_unit', value=shown)}")
        for name, value in now.body
        if (shown := telling.number(value, 0 if name == "heart_rate" else 1))
    ]
    return join(*rows) if rows else element("p", words("no_body"))


def whom(now: Snapshot, words: Words) -> Markup:
    """Return whose session it is."""
    return element("p", now.person or "–", class_="state")


def session(now: Snapshot, words: Words) -> Markup:
    """Return the session that runs."""
    return element("p", telling.session(now, words))


def nodes(now: Snapshot, words: Words) -> Markup:
    """Return the health of every node, the worst first."""
    rows = [
        element(
            "li",
            element("span", words(level), class_=f"level {level}"),
            " ",
            element("strong", name),
            f" {text}",
        )
        for level, name, text in telling.health(now, words)
    ]
    return element("ul", *rows, class_="nodes") if rows else element("p", words("no_nodes"))


SECTIONS: dict[str, Section] = {
    "whom": whom,
    "calls": calls,
    "notice": notice,
    "feels": feels,
    "parts": parts,
    "plane": plane,
    "title": title,
    "music": music,
    "next": upcoming,
    "body": body,
    "session": session,
    "nodes": nodes,
}
#: View -> its sections. A resident sees a title: what the machine makes of somebody is not held
#: up to them.
VIEWS: dict[str, tuple[str, ...]] = {
    "live": (
        *("calls", "whom", "notice", "feels", "plane", "parts", "body", "music", "session"),
        *("next", "nodes"),
    ),
    "carer": ("calls", "whom", "notice", "music", "feels", "session"),
    "resident": ("notice", "title"),
}


def rendered(view: str, now: Snapshot, words: Words) -> dict[str, Markup]:
    """Return the sections of a view as HTML."""
    return {name: SECTIONS[name](now, words) for name in VIEWS[view]}


def bar(share: float) -> Markup:
    """Return a bar of a share, 0..1."""
    return element(
        "svg",
        element("rect", width=100, height=10, class_="groove"),
        element("rect", width=100 * telling.share(share), height=10, class_="fill"),
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
        class_="bar",
    )


def _label(text: str, x: float, y: float, anchor: str) -> Markup:
    return element("text", text, x=x, y=y, text_anchor=anchor)


def _spoken(point: telling.Point | None, words: Words) -> str:
    return words("unknown") if point is None else f"{point[0]:+.1f}, {point[1]:+.1f}"
