"""What changes on the pages, as pieces of HTML that are sent anew when they change."""

from __future__ import annotations

import math
from collections.abc import Callable

from emo_music_ros.dashboard.markup import Markup, element, join
from emo_music_ros.dashboard.state import Snapshot
from emo_music_ros.dashboard.words import Words
from emo_music_ros.emotion import UNKNOWN

#: Half the width of the plane, in its own units.
_PLANE = 100
#: Most candidates that are shown.
_MOST_NEXT = 5

Section = Callable[[Snapshot, Words], Markup]


def feels(now: Snapshot, words: Words) -> Markup:
    """Return how the person seems, or that it is not known and why."""
    emotion = now.emotion
    if now.silent:
        name, note = words("unknown"), words("silent", reason=now.silent)
    elif emotion is None:
        name, note = words("unknown"), words("nothing_heard")
    elif emotion.state == UNKNOWN:
        name, note = words("unknown"), words("cannot_tell")
    else:
        name = words.named(emotion.state)
        note = words("sure", percent=_percent(emotion.estimate.confidence))
    there = "" if emotion is None else words("present" if emotion.present else "absent")
    return join(
        element("p", name, class_="state"),
        element("p", " · ".join(filter(None, (note, there)))),
    )


def parts(now: Snapshot, words: Words) -> Markup:
    """Return a bar per modality: its weight, how old it is, how good."""
    found = now.emotion.contributions if now.emotion is not None else ()
    rows = [
        element(
            "li",
            element("span", words.named(part.modality), class_="label"),
            _bar(part.weight),
            element(
                "span",
                words(
                    "part",
                    percent=_percent(part.weight),
                    age=_number(part.age, 0),
                    quality=_percent(part.quality),
                ),
                class_="note",
            ),
        )
        for part in found[:20]
    ]
    return element("ul", *rows, class_="bars") if rows else element("p", words("no_parts"))


def plane(now: Snapshot, words: Words) -> Markup:
    """Return the plane of valence and arousal with the trail, the point now and the target."""
    points = [_place(*point) for point in now.trail if all(map(math.isfinite, point))]
    emotion = now.emotion
    known = emotion is not None and emotion.state != UNKNOWN
    here = (emotion.estimate.valence, emotion.estimate.arousal) if known and emotion else None
    target = now.choice.target if now.choice is not None else None
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
    if len(points) > 1:
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        drawn.append(element("polyline", points=line, class_="trail"))
    for point, kind, radius in ((target, "target", 7), (here, "here", 6)):
        if point is not None and all(map(math.isfinite, point)):
            x, y = _place(*point)
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
    playing = now.playing
    if playing is None:
        return element("p", words("no_player"), class_="title")
    if playing.status == "stopped" or not playing.track_id:
        return element("p", words("silence"), class_="title")
    return join(
        element("p", playing.title or playing.track_id, class_="title"),
        element("p", playing.artist, class_="artist"),
        element("p", words.named(playing.status), class_="note"),
    )


def music(now: Snapshot, words: Words) -> Markup:
    """Return what plays, how far it is, how loud, and why it was chosen."""
    playing = now.playing
    found: list[str] = [title(now, words)]
    if playing is not None and playing.duration > 0 and playing.status != "stopped":
        found.append(_bar(playing.position / playing.duration))
    if playing is not None:
        times = f"{_minutes(playing.position)} / {_minutes(playing.duration)}"
        loud = words("volume_is", percent=_percent(playing.volume))
        found.append(element("p", f"{times} · {loud}", class_="note"))
        if playing.backend == "null":
            found.append(element("p", words("no_sound"), class_="warn"))
        if playing.error:
            found.append(element("p", playing.error, class_="error"))
    if now.why:
        found.append(element("p", words("why", reason=now.why)))
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
                    score=_number(each.score),
                    need=_number(each.need),
                    taste=_number(each.taste),
                    history=_number(each.history),
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
        if (shown := _number(value, 0 if name == "heart_rate" else 1))
    ]
    return join(*rows) if rows else element("p", words("no_body"))


def session(now: Snapshot, words: Words) -> Markup:
    """Return the session that runs."""
    if now.plan is None:
        return element("p", words("no_session"))
    minutes = math.ceil(now.remaining / 60)
    goal = words.named(now.plan.goal or now.plan.scenario)
    return element("p", words("session_is", goal=goal, minutes=minutes))


def nodes(now: Snapshot, words: Words) -> Markup:
    """Return the health of every node, the worst first."""
    order = {"error": 0, "warn": 1, "ok": 2}
    found = [
        (part.level if reports else "error", part.name, part.text if reports else words("gone"))
        for part, reports in now.parts
    ]
    rows = [
        element(
            "li",
            element("span", words(level), class_=f"level {level}"),
            " ",
            element("strong", name),
            f" {text}",
        )
        for level, name, text in sorted(found, key=lambda each: (order[each[0]], each[1]))
    ]
    return element("ul", *rows, class_="nodes") if rows else element("p", words("no_nodes"))


SECTIONS: dict[str, Section] = {
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
    "live": ("feels", "plane", "parts", "body", "music", "session", "next", "nodes"),
    "carer": ("music", "feels", "session"),
    "resident": ("title",),
}


def rendered(view: str, now: Snapshot, words: Words) -> dict[str, Markup]:
    """Return the sections of a view as HTML."""
    return {name: SECTIONS[name](now, words) for name in VIEWS[view]}


def _bar(share: float) -> Markup:
    width = 100 * min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    return element(
        "svg",
        element("rect", width=100, height=10, class_="groove"),
        element("rect", width=width, height=10, class_="fill"),
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
        class_="bar",
    )


def _place(valence: float, arousal: float) -> tuple[float, float]:
    def inside(value: float) -> float:
        return min(max(value, -1.0), 1.0) * _PLANE

    return inside(valence), -inside(arousal)


def _label(text: str, x: float, y: float, anchor: str) -> Markup:
    return element("text", text, x=x, y=y, text_anchor=anchor)


def _spoken(point: tuple[float, float] | None, words: Words) -> str:
    if point is None or not all(map(math.isfinite, point)):
        return words("unknown")
    return f"{point[0]:+.1f}, {point[1]:+.1f}"


def _percent(share: float) -> str:
    return _number(100 * share, 0)


def _number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "?"


def _minutes(seconds: float) -> str:
    if not (math.isfinite(seconds) and 0 <= seconds < 1e6):
        return "?"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
