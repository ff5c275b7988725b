# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Every route and every role: what the table says is what is answered."""

from __future__ import annotations

import pytest

from emo_music_ros.dashboard.permissions import ANYONE, CONTROLS, HOME, PERMISSIONS, ROLES, may
from emo_music_ros.dashboard.sections import VIEWS

NOBODY = "nobody"
#: A form that every route takes far enough to show who is let in.
FORM = {"value": "50", "page": "live", "name": "nobody here", "role": "carer", "password": "x"}


def test_the_table_and_the_routes_are_the_same(site):
    routes = {
        (method, route.path)
        for route in site.site._dashboard.routes()
        for method in route.methods - {"HEAD"}
    }
    assert routes == set(PERMISSIONS)


def test_only_known_roles_are_in_the_table():
    assert {role for roles in PERMISSIONS.values() for role in roles} <= {*ROLES, ANYONE}
    assert all(roles for roles in PERMISSIONS.values())


def test_what_is_about_a_person_is_for_nobody_without_an_account():
    opened = {path for (_, path), roles in PERMISSIONS.items() if ANYONE in roles}
    assert opened == {
        "/static/style.css",
        "/static/page.js",
        "/static/icon.svg",
        "/setup",
        "/login",
    }


def test_every_view_and_home_is_in_the_table():
    for view in VIEWS:
        for path in (f"/{view}", f"/events/{view}"):
            assert ("GET", path) in PERMISSIONS
        assert PERMISSIONS["GET", f"/{view}"] == PERMISSIONS["GET", f"/events/{view}"]
    assert all(may(role, "GET", HOME[role]) for role in ROLES)


def test_a_developer_steers_nothing_and_a_resident_sees_no_feelings():
    for name in CONTROLS:
        assert not may("developer", "POST", f"/control/{name}")
    for path in ("/live", "/carer", "/audit", "/accounts", "/events/live", "/events/carer"):
        assert not may("resident", "GET", path)
    assert VIEWS["resident"] == ("notice", "title")


@pytest.mark.parametrize("role", [*ROLES, NOBODY])
def test_each_route_answers_whom_the_table_names_and_nobody_else(site, role):
    site.signed_in("therapist")
    for (method, path), allowed in PERMISSIONS.items():
        if path == "/logout" and role in allowed:
            continue  # below
        browser = site.browser() if role == NOBODY else site.signed_in(role)
        if path.startswith("/events/"):
            status = watched(browser, path)
        else:
            form = {**FORM, "token": browser.token()} if method == "POST" else None
            sent = {"X-Token": form["token"]} if form else {}
            status = browser.send(method, path, form, sent).status
        about = f"{role}: {method} {path}: {status}"
        if role in allowed or ANYONE in allowed:
            assert status not in (401, 404, 405), about
            if (path, status) != ("/login", 403):  # nobody of that name
                assert status != 403 or path in ("/setup", "/password"), about
        elif role == NOBODY and method == "GET" and not path.startswith("/events/"):
            assert status == 303, about
        else:
            assert status == (401 if role == NOBODY else 403), about


def watched(browser, path):
    """Return the status of a stream without following it."""
    connection = browser.connection()
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    connection.request("GET", path, headers={"Host": browser.host, "Cookie": cookie})
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("role", ROLES)
def test_everybody_can_sign_out(site, role):
    browser = site.signed_in(role)
    assert browser.post("/logout").status == 303
    assert not browser.cookies
    assert browser.get("/").header("location") == "/login"


@pytest.mark.parametrize("role", ROLES)
def test_a_page_offers_only_what_the_role_may_do(site, role):
    import re

    browser = site.signed_in(role)
    page = browser.get(HOME[role]).body
    for action in re.findall(r'action="([^"]+)"', page):
        assert may(role, "POST", action)
    for link in re.findall(r'href="(/[^"]*)"', page):
        assert may(role, "GET", link)


def test_a_route_that_is_not_in_the_table_is_not_there(site, monkeypatch):
    """Also one that the application would answer."""
    browser = site.signed_in("therapist")
    assert browser.get("/live").status == 200
    monkeypatch.delitem(PERMISSIONS, ("GET", "/live"))
    assert browser.get("/live").status == 404
