# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Who may do what: one table of every route, read by the gate, the menus and the tests."""

from __future__ import annotations

THERAPIST = "therapist"
CARER = "carer"
RESIDENT = "resident"
DEVELOPER = "developer"
#: The least first: what is chosen where nobody chose.
ROLES = (RESIDENT, CARER, THERAPIST, DEVELOPER)
#: Whoever asks, also without an account. Nothing behind such a route is about a person.
ANYONE = "anyone"

_STAFF = frozenset({THERAPIST, CARER})
_STEER = _STAFF | {RESIDENT}
_WATCH = _STAFF | {DEVELOPER}
_ALL = frozenset(ROLES)
_OPEN = frozenset({ANYONE})

#: (method, path) -> roles. What is not here is not there.
PERMISSIONS: dict[tuple[str, str], frozenset[str]] = {
    ("GET", "/static/icon.svg"): _OPEN,
    ("GET", "/static/style.css"): _OPEN,
    ("GET", "/static/page.js"): _OPEN,
    ("GET", "/setup"): _OPEN,
    ("POST", "/setup"): _OPEN,
    ("GET", "/login"): _OPEN,
    ("POST", "/login"): _OPEN,
    ("POST", "/logout"): _ALL,
    ("POST", "/language"): _ALL,
    ("GET", "/"): _ALL,
    ("GET", "/law"): _ALL,
    ("GET", "/password"): _ALL,
    ("POST", "/password"): _ALL,
    ("GET", "/live"): _WATCH,
    ("GET", "/events/live"): _WATCH,
    ("GET", "/carer"): _STAFF,
    ("GET", "/events/carer"): _STAFF,
    ("GET", "/calls"): _WATCH,
    ("POST", "/calls/acknowledge"): _STAFF,
    ("POST", "/sensing/pause"): _STEER,
    ("POST", "/sensing/resume"): _STEER,
    ("POST", "/sensing/assent"): _STEER,
    ("POST", "/sensing/refuse"): _STEER,
    ("POST", "/sensing/reviewed"): frozenset({THERAPIST}),
    ("GET", "/input"): _STAFF,
    ("POST", "/input"): _STAFF,
    ("POST", "/input/face"): _STAFF,
    ("POST", "/input/speech"): _STAFF,
    ("GET", "/library"): _STAFF,
    ("GET", "/library/track"): _STAFF,
    ("GET", "/library/waveform"): _STAFF,
    ("GET", "/people"): frozenset({THERAPIST}),
    ("POST", "/people/consent"): frozenset({THERAPIST}),
    ("POST", "/people/forget"): frozenset({THERAPIST}),
    ("GET", "/people/data"): frozenset({THERAPIST}),
    ("GET", "/resident"): _STEER,
    ("GET", "/events/resident"): _STEER,
    ("POST", "/control/play"): _STEER,
    ("POST", "/control/pause"): _STEER,
    ("POST", "/control/skip"): _STEER,
    ("POST", "/control/stop"): _STEER,
    ("POST", "/control/volume"): _STAFF,
    ("POST", "/control/like"): _STAFF,
    ("POST", "/control/dislike"): _STAFF,
    ("POST", "/control/calmer"): _STAFF,
    ("POST", "/control/livelier"): _STAFF,
    ("POST", "/control/situation"): _STAFF,
    ("POST", "/control/never"): _STAFF,
    ("POST", "/control/comfort"): _STAFF,
    ("POST", "/control/looked"): _STAFF,
    ("POST", "/confirm"): _STAFF,
    ("POST", "/unlearn"): frozenset({THERAPIST}),
    ("POST", "/control/session"): frozenset({THERAPIST}),
    ("POST", "/control/end"): frozenset({THERAPIST}),
    ("GET", "/profile"): _STAFF,
    ("POST", "/profile"): _STAFF,
    ("GET", "/pick"): _STAFF,
    ("POST", "/pick"): _STAFF,
    ("GET", "/person"): _STAFF,
    ("POST", "/person"): _STAFF,
    ("GET", "/plans"): _STAFF,
    ("POST", "/plans/hold"): _STAFF,
    ("POST", "/plans"): frozenset({THERAPIST}),
    ("POST", "/plans/append"): frozenset({THERAPIST}),
    ("POST", "/plans/lock"): frozenset({THERAPIST}),
    ("POST", "/plans/remove"): frozenset({THERAPIST}),
    ("GET", "/notes"): _STAFF,
    ("POST", "/notes"): _STAFF,
    ("POST", "/notes/remove"): _STAFF,
    ("GET", "/recordings"): _STAFF,
    ("GET", "/recordings/report"): _STAFF,
    ("GET", "/recordings/report.pdf"): _STAFF,
    ("GET", "/recordings/report.csv"): frozenset({THERAPIST}),
    ("GET", "/accounts"): frozenset({THERAPIST}),
    ("POST", "/accounts/add"): frozenset({THERAPIST}),
    ("POST", "/accounts/remove"): frozenset({THERAPIST}),
    ("POST", "/accounts/password"): frozenset({THERAPIST}),
    ("GET", "/audit"): frozenset({THERAPIST, DEVELOPER}),
}

#: Routes that take a file as it is, with the secret of the forms in the header X-Token.
UPLOADS = frozenset(path for _, path in PERMISSIONS if path.startswith("/input/"))
#: What can be done with the music; each is a route.
CONTROLS = tuple(path.rpartition("/")[2] for _, path in PERMISSIONS if path.startswith("/control/"))
#: Page a role begins with.
HOME = {THERAPIST: "/live", CARER: "/carer", RESIDENT: "/resident", DEVELOPER: "/live"}


def may(role: str, method: str, path: str) -> bool:
    """Tell whether a role may use a route; nobody may use one that is not in the table."""
    allowed = PERMISSIONS.get((method, path), frozenset())
    return role in allowed or ANYONE in allowed
