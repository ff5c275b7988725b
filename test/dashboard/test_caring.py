# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What carers and therapists enter on the pages: who may, and that hostile text is text."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.care.notes import Note
from emo_music_ros.care.plans import Plan
from emo_music_ros.care.profile import HardTime, Profile, Song
from emo_music_ros.dashboard import care_forms
from emo_music_ros.dashboard.permissions import CARER, RESIDENT, THERAPIST
from emo_music_ros.dashboard.sections import rendered
from emo_music_ros.dashboard.state import Board, Choice, Playing
from emo_music_ros.dashboard.state import Plan as Running
from emo_music_ros.dashboard.words import WORDS
from emo_music_ros.emotion import STATES
from emo_music_ros.errors import InputError
from emo_music_ros.streams import Emotion, Estimate, Track

HOSTILE = "<script>alert(1)</script> '\"&"
SONGS = {"own": "Aria / Bach\n\n  Moon River ", "favourites": "", "never": "War\nWar",
         "comfort": "Aria", "hard_times": "16:00 washing\n7:05 breakfast"}  # fmt: skip
MORE = {"risk": "high", "same_songs": "yes", "birth_year": "1941", "language": "yue",
        "goal": "sleep", "pacemaker": "yes", "beta_blocker": "no", "hearing_aids": "yes",
        "opt_in": "hymn, gospel"}  # fmt: skip


@pytest.fixture
def store(site):
    site.board.person("anna", "")
    return site.desk.store


def told(page):
    return unescape(re.search(r'id="told"[^>]*>([^<]*)<', page.body).group(1))


def test_a_carer_enters_songs_and_hard_times_and_nothing_else(site, store):
    store.change("anna", risk="low", birth_year=1930)
    browser = site.signed_in(CARER)
    page = browser.get("/profile").body
    assert 'name="own"' in page
    assert 'name="risk"' not in page
    assert browser.post("/profile", **SONGS, **MORE).header("location") == "/profile"
    assert store.profile("anna") == Profile(
        risk="low", birth_year=1930, own=(Song("Aria", "Bach"), Song("Moon River")),
        never=(Song("War"),), comfort=Song("Aria"), scheduled=True,
        hard_times=(HardTime("washing", 960), HardTime("breakfast", 425)),
    )  # fmt: skip
    assert told(browser.get("/profile")) == "Saved."


def test_a_therapist_enters_everything_and_sees_it_again(site, store):
    browser = site.signed_in(THERAPIST)
    browser.post("/profile", **SONGS, **MORE)
    now = store.profile("anna")
    assert (now.risk, now.same_songs, now.birth_year, now.language) == ("high", True, 1941, "yue")
    assert (now.goal, now.heart, now.hearing_aids) == ("sleep", ("pacemaker",), True)
    assert now.opt_in == ("hymn", "gospel")
    page = browser.get("/profile").body
    for text in ("Aria / Bach\nMoon River", "16:00 washing", 'value="1941"', "hymn, gospel",
                 "ask whether they are in", "What follows."):  # fmt: skip
        assert text in page
    assert '<option value="high" selected' in page
    fields = {name: unescape(value) for name, value in
              re.findall(r'<textarea name="(\w+)"[^>]*>\n?([^<]*)</textarea>', page)}  # fmt: skip
    again = {**SONGS, **MORE, **fields}
    browser.post("/profile", **again)
    assert store.profile("anna") == now


def test_what_is_never_to_be_played_is_allowed_again_by_deleting_its_line(site, store):
    store.never("anna", Song("War"))
    browser = site.signed_in(CARER)
    assert "War" in browser.get("/profile").body
    browser.post("/profile", **{**SONGS, "never": ""})
    assert store.profile("anna").never == ()


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        ("hard_times", "teatime", "no time of the day"),
        ("birth_year", "old", "digits"),
        ("birth_year", "1066", "1890"),
        ("risk", "enormous", "low"),
        ("opt_in", "polka", "religious"),
        ("own", "x" * 201, "200"),
        ("heart", "x", ""),
    ],
)
def test_what_cannot_be_entered_is_told_and_changes_nothing(site, store, field, text, why):
    store.change("anna", risk="medium")
    browser = site.signed_in(THERAPIST)
    browser.post("/profile", **{**SONGS, **MORE, field: text})
    answer = told(browser.get("/profile"))
    if field == "heart":  # no field of the form
        assert answer == "Saved."
        return
    assert answer.startswith("Not done")
    assert why in answer
    assert store.profile("anna") == Profile(risk="medium")


def test_hostile_text_is_shown_as_text(site, store):
    browser = site.signed_in(THERAPIST)
    site.desk.tracks = [Track("t", "", title=HOSTILE, artist=HOSTILE)]
    site.board.person(HOSTILE, "")
    site.desk.day = HOSTILE
    entered = {**SONGS, "own": HOSTILE, "comfort": HOSTILE, "hard_times": f"16:00 {HOSTILE}"}
    browser.post("/profile", **entered, **{**MORE, "language": HOSTILE})
    browser.post("/plans", name=HOSTILE, minutes="30", goal="calm", note=HOSTILE)
    browser.post("/notes", text=HOSTILE)
    assert store.profile(HOSTILE).own == (Song(HOSTILE),)
    assert store.plans(HOSTILE)[0].note == HOSTILE
    assert store.notes(HOSTILE)[0].text == HOSTILE
    for path in ("/profile", "/plans", "/notes", "/pick", "/person", "/live", "/carer"):
        page = browser.get(path).body
        assert "<script>alert" not in page, path
        if path not in ("/live", "/carer"):
            assert "alert(1)" in page, path


def test_long_lists_of_songs_come_through(site, store):
    songs = "\n".join(f"月亮代表我的心 第{number}首 / 邓丽君" for number in range(300))
    browser = site.signed_in(CARER)
    browser.post("/profile", **{**SONGS, "own": songs})
    assert len(store.profile("anna").own) == 300
    assert "第299首" in browser.get("/profile").body


def test_a_piece_is_found_and_played(site, store):
    site.desk.tracks = [Track(f"t{n}", "", title=f"Piece {n}", artist="Édith") for n in range(60)]
    browser = site.signed_in(CARER)
    page = browser.get("/pick").body
    assert "50 of 60 pieces" in page
    assert page.count('name="track"') == 50
    more = unescape(re.search(r'href="(/pick\?[^"]+)"', page).group(1))
    assert "10 of 60 pieces" in browser.get(more).body
    assert "2 of 2" not in browser.get("/pick?q=edith+piece+33").body
    assert "1 of 1 pieces" in browser.get("/pick?q=edith+piece+33").body
    assert "/plans/append" not in page
    answer = browser.post("/pick", track="t33")
    assert answer.header("location") == "/pick"
    assert site.desk.done[-2:][0] == ("pick", "t33") or ("pick", "t33") in site.desk.done
    assert told(browser.get("/pick")) == "Done: Play now"
    site.desk.refusal = InputError("the plan is locked", "Ask a therapist")
    browser.post("/pick", track="t33")
    assert "the plan is locked" in told(browser.get("/pick"))


@pytest.mark.parametrize("first", ["-1", "x", "99999999999", "%EF%BC%91"])
def test_a_page_that_is_not_there_is_the_first(site, first):
    assert site.signed_in(CARER).get(f"/pick?first={first}").status in (200, 400)


def test_the_person_is_turned_to_and_shown_on_every_page(site, store):
    browser = site.signed_in(CARER)
    for path in ("/live", "/carer", "/profile", "/pick", "/plans", "/notes", "/person"):
        assert "anna" in browser.get(path).body, path
    page = browser.get("/person").body
    assert "Turn to bert" in page
    assert "Turn to anna" not in page
    browser.post("/person", person=" bert ")
    assert ("turn", "bert") in site.desk.done
    assert told(browser.get("/person")) == "The music is for bert now."


PLAN = {"name": "washing", "starts": "10:00, 18:00", "minutes": "45", "tracks": "t1\nt2\n",
        "goal": "", "scenario": "home", "locked": "yes", "note": "slow\nones",
        "plan": ""}  # fmt: skip


def test_a_therapist_plans_locks_unlocks_and_removes(site, store):
    browser = site.signed_in(THERAPIST)
    browser.post("/plans", **PLAN)
    (plan,) = store.plans("anna")
    assert (plan.name, plan.starts, plan.minutes, plan.tracks) == (
        "washing", (600, 1080), 45, ("t1", "t2"),
    )  # fmt: skip
    assert (plan.locked, plan.note, plan.author) == (True, "slow ones", "therapist 0")
    site.desk.tracks = [Track("t1", "", title="One", artist="Her")]
    page = browser.get("/plans").body
    for text in (
        "10:00 18:00",
        "45 min",
        "2 pieces",
        "Locked",
        "slow ones (therapist 0)",
        "<li>One / Her</li>",
        "t2: not in the library",
        "t1 One / Her\nt2</textarea>",
    ):
        assert text in page
    browser.post("/plans/lock", plan=plan.plan_id)
    assert not store.plans("anna")[0].locked
    changed = {**PLAN, "plan": plan.plan_id, "name": "bath", "tracks": "t1 One / Her\n t2"}
    browser.post("/plans", **changed)
    assert [each.name for each in store.plans("anna")] == ["bath"]
    site.desk.tracks = [Track("t9", "", title="Nine")]
    assert "Add to plan bath" in browser.get("/pick").body
    browser.post("/plans/append", plan=plan.plan_id, track="t9")
    assert store.plans("anna")[0].tracks == ("t1", "t2", "t9")
    browser.post("/plans/remove", plan=plan.plan_id)
    assert store.plans("anna") == []
    for path in ("lock", "remove", "hold", "append"):
        browser.post(f"/plans/{path}", plan="x", track="t")
        assert "no such plan" in told(browser.get("/plans"))


def test_a_carer_begins_a_plan_and_changes_none(site, store):
    plan = store.set_plan("anna", Plan("washing", goal="calm"))
    browser = site.signed_in(CARER)
    page = browser.get("/plans").body
    assert 'action="/plans/hold"' in page
    assert 'action="/plans"' not in page
    browser.post("/plans/hold", plan=plan.plan_id)
    assert ("hold", "washing") in site.desk.done
    for path in ("", "/lock", "/remove", "/append"):
        assert browser.post(f"/plans{path}", plan=plan.plan_id).status == 403
    assert browser.post("/control/end").status == 403


@pytest.mark.parametrize(
    ("field", "text"),
    [("name", ""), ("minutes", "0"), ("minutes", ""), ("minutes", "²"), ("starts", "25:00"),
     ("goal", "joy"), ("scenario", "moon"), ("note", "x" * 1001)],
)  # fmt: skip
def test_a_plan_that_cannot_be_held_is_told(site, store, field, text):
    browser = site.signed_in(THERAPIST)
    browser.post("/plans", **{**PLAN, field: text})
    assert told(browser.get("/plans")).startswith("Not done")
    assert store.plans("anna") == []


def test_a_locked_plan_that_runs_says_so_and_only_a_therapist_ends_it(site, store):
    site.board.plan(Running("", "", 2000.0, "washing", locked=True))
    page = site.signed_in(CARER).get("/plans").body
    assert "Now: washing." in page
    assert "nothing replaces a piece" in page
    assert "/control/end" not in page
    plan = store.set_plan("anna", Plan("dance", goal="positive"))
    browser = site.signed_in(THERAPIST)
    browser.post("/plans/hold", plan=plan.plan_id)
    assert "a locked plan is held" in told(browser.get("/plans"))
    assert "nothing replaces a piece" in browser.get("/live").body
    assert 'action="/control/end"' in browser.get("/plans").body
    browser.post("/control/end", page="plans")
    assert ("end", None) in site.desk.done


def test_notes_are_kept_under_the_role_of_who_wrote_them(site, store):
    carer, therapist = site.signed_in(CARER), site.signed_in(THERAPIST)
    carer.post("/notes", text="smiled\nand  hummed", ago="5")
    therapist.post("/notes", text="calmer", session="1793628000.000000001")
    oldest, newest = store.notes("anna")  # the session was some weeks ago
    assert (newest.rater, newest.author, newest.session) == (
        "therapist", "therapist 1", "1793628000.000000001",
    )  # fmt: skip
    assert newest.time == pytest.approx(1793628000.0)
    assert (oldest.rater, oldest.text) == ("carer", "smiled and hummed")
    page = carer.get("/notes").body
    assert page.index("<h2>Carer</h2>") < page.index("smiled") < page.index("<h2>Therapist</h2>")
    assert page.count('action="/notes/remove"') == 1
    carer.post("/notes/remove", note=newest.note_id)
    assert "of yours" in told(carer.get("/notes"))
    carer.post("/notes/remove", note=oldest.note_id)
    assert [each.text for each in store.notes("anna")] == ["calmer"]


@pytest.mark.parametrize("form", [{"text": " "}, {"text": "x" * 1001}, {"text": "x", "ago": "-1"},
                                  {"text": "x", "ago": "999999"}])  # fmt: skip
def test_what_is_no_note_is_told(site, store, form):
    browser = site.signed_in(CARER)
    browser.post("/notes", **form)
    assert told(browser.get("/notes")).startswith("Not done")
    assert store.notes("anna") == []


def test_a_note_is_given_to_the_report(site, store, tmp_path):
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "1793628000.000000001.mcap").write_bytes(b"x")
    note = store.add_note("anna", Note(5.0, "carer", "Cara", "hummed"))
    site.site._dashboard._records._notes = lambda: store.notes("anna")
    assert site.signed_in(CARER).get("/recordings/report").status == 200
    assert site.noted == [[note]]


def test_buttons_for_what_plays(site, store):
    browser = site.signed_in(CARER)
    for name in ("never", "comfort", "looked"):
        assert f'action="/control/{name}"' in browser.get("/carer").body
        assert browser.post(f"/control/{name}", page="carer").status == 303
    assert [name for name, _ in site.desk.done] == ["never", "comfort", "looked"]
    assert "Done: I have looked after them" in told(browser.get("/carer"))
    resident = site.signed_in(RESIDENT)
    assert resident.post("/control/never").status == 403
    browser.post("/control/like", page="carer")
    site.signed_in(THERAPIST).post("/control/dislike", page="live")
    assert site.asked == [("like", "carer"), ("dislike", "therapist")]


def test_who_knows_better_tells_how_the_person_feels(site, store):
    carer, therapist = site.signed_in(CARER), site.signed_in(THERAPIST)
    page = carer.get("/live").body
    assert all(f'name="value" value="{state}"' in page for state in STATES)
    assert 'action="/unlearn"' not in page
    carer.post("/confirm", page="live", value="calm")
    assert told(carer.get("/live")) == "Learned from: Calm"
    assert carer.post("/unlearn", page="live").status == 403
    therapist.post("/unlearn", page="live")
    assert told(therapist.get("/live")).startswith("Done")
    assert site.desk.done == [("confirm", "calm"), ("unlearn", None)]
    assert site.signed_in(RESIDENT).post("/confirm", value="calm").status == 403
    carer.post("/confirm", page="live", value=HOSTILE)
    assert "this is no state" in told(carer.get("/live"))
    site.desk.refusal = InputError("nothing is learned", "Ask the person for consent")
    carer.post("/confirm", page="live", value="calm")
    assert "nothing is learned" in told(carer.get("/live"))
    assert len(site.desk.done) == 2


def test_who_did_what_is_noted(site, store):
    carer = site.signed_in(CARER)
    carer.post("/profile", **SONGS)
    carer.post("/notes", text=" ")
    page = site.signed_in(THERAPIST).get("/audit").body
    assert "profile" in page
    assert re.search(r"note</td><td>not done", page)


def test_why_a_piece_plays_is_told_in_words():
    board = Board(lambda: 0.0)
    board.choice(Choice("Piece 1 of 3.", None, (), "c", "plan"))
    board.playing(Playing("playing", "t", "Aria", choice_id="c"))
    music = rendered("carer", board.snapshot(), WORDS["en"])["music"]
    assert "Chosen because it is planned. Piece 1 of 3." in music
    assert "选择原因：这是计划好的" in rendered("carer", board.snapshot(), WORDS["zh"])["music"]
    board.choice(Choice("Because.", None, (), "c", "a trigger of tomorrow"))
    board.playing(Playing("playing", "t", "Aria", choice_id="d"))
    board.choice(Choice("Because.", None, (), "d", "a trigger of tomorrow"))
    assert "Why: Because." in rendered("carer", board.snapshot(), WORDS["en"])["music"]


def test_in_a_group_nobodys_feelings_are_shown():
    board = Board(lambda: 0.0)
    board.person("anna", "")
    estimate = Estimate(STATES, [0.1, 0.1, 0.7, 0.1], -0.5, 0.5, 0.0, 0.8)
    board.emotion(Emotion(0.0, "anxiety", estimate, 0.1, (), "x", "anna", True))
    board.body({"heart_rate": 80.0})
    assert "Uneasy" in rendered("live", board.snapshot(), WORDS["en"])["feels"]
    board.plan(Running("group", "positive", 100.0, group=True))
    found = rendered("live", board.snapshot(), WORDS["en"])
    assert "Uneasy" not in "".join(found.values())
    assert "80" not in found["body"]
    assert "polyline" not in found["plane"]
    assert "feelings are shown" in found["feels"]
    board.plan(None)
    assert "Uneasy" in rendered("live", board.snapshot(), WORDS["en"])["feels"]


@given(st.text("abc é/", min_size=1).filter(str.strip), st.text("xyz "))
def test_songs_are_read_as_they_are_shown(title, artist):
    one = care_forms.song(f"{title} / {artist}")
    assert care_forms.song(care_forms.song_line(one)) == one or " / " in one.artist


def test_members_are_named_with_commas():
    assert care_forms.members("bert, carla、 dora，,bert ") == ("bert", "carla", "dora")
