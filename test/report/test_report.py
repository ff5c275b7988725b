# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Reports as HTML, PDF and csv: what is said, and that nothing foreign breaks them."""

from __future__ import annotations

import csv
import io
import re
import string
from html.parser import HTMLParser
from pathlib import Path

import pytest
import recordings
from recordings import BEGAN, Recording

from emo_music_ros.cli import main
from emo_music_ros.errors import InputError
from emo_music_ros.report import charts, fonts
from emo_music_ros.report import pdf as pdf_module
from emo_music_ros.report.table import COLUMNS
from emo_music_ros.report.words import REPORT_WORDS, TEXTS
from emo_music_ros.report.write import FORMS, render

HOSTILE = "<script>alert('x')</script>&\"'$\\frac{"
DAY = 86400.0


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Sessions in two weeks; nobody may change them."""
    folder = tmp_path_factory.mktemp("files")
    days = (0, 1, 8)
    return [recordings.session(folder / f"{day}.mcap", BEGAN + day * DAY) for day in days]


@pytest.fixture
def hostile(tmp_path):
    """A recording in which every text is markup, mathematics and a formula."""
    with Recording(tmp_path / "h.mcap", person=f"={HOSTILE}") as file:
        file.told(0.0)
        file.play(1.0, 40.0, f"={HOSTILE}", artist=HOSTILE)
        file.emotion(2.0, 2, source=f"simulated:{HOSTILE}")
        file.act(20.0, 9, "x", value=1.0, by=HOSTILE, source="\u202e\x00evil")
        file.recommend(40.0, reason=HOSTILE)
        file.player(42.0)
        file.pulse(43.0, 1e9)
    return file.path


class Text(HTMLParser):
    """Collects what a page shows, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.shown: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attributes)

    def handle_data(self, data):
        self.shown.append(data)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)


def test_the_first_line_and_what_follows(files):
    page = Text(render(files, ".html").decode())
    shown = " ".join(" ".join(page.shown).split())
    beginning = shown[shown.index("Report: anna", 20) :]
    assert beginning.startswith(
        "Report: anna 2026-11-02 to 2026-11-10 14 Minutes of music a week 3 of 3 Planned sessions"
        " held 0 of 3 Ended worse than begun 3 Stops In one minute"
    )
    for told in (
        "Acceptance 75 % (9 of 12)",
        "Completion 100 % (3 of 3)",
        "Improvement +36 %",
        "Too few sessions to speak of a trend: 3 with known beginning and end, 6 are needed.",
        "mei (live:dashboard) 3 0 3",
        "What the machine did not know",
        "Never heard from: Voice, Words, Brain waves, Buttons.",
        "0.18 0.04",
        "no claim that music helped",
    ):
        assert told in shown, told
    assert page.tags.count("svg") == 3
    assert "SIMULATED" not in shown


def test_a_page_loads_nothing_and_runs_nothing(files):
    page = render(files, ".html").decode()
    tags = Text(page).tags
    assert not {"script", "link", "img", "iframe", "object"} & set(tags)
    assert not re.search(r"(src|href)=[\"'](?!#)", page.replace('xlink:href="#', ""))
    assert "url(http" not in page
    assert "@import" not in page


def test_a_trend_needs_six_sessions(files, tmp_path):
    more = [recordings.session(tmp_path / f"{day}.mcap", BEGAN + day * DAY) for day in (9, 10, 11)]
    page = render([*files, *more], ".html").decode()
    assert "Whether this is chance is not tested" in page
    assert "Too few sessions" not in page


def test_nobody_is_pooled(files, tmp_path):
    with Recording(tmp_path / "bert.mcap", person="bert") as file:
        file.told(0.0)
        file.play(1.0, 60.0, "Jasmine")
    other = file.path
    page = render([files[0], other], ".html").decode()
    assert page.count("<h1>") == 2
    assert "Report: bert" in page
    assert "Report: anna" in page
    only = render([files[0], other], ".html", person="bert").decode()
    assert only.count("<h1>") == 1
    assert "Report: bert" in only
    with pytest.raises(InputError, match=r"nothing is about 'carl'.*anna, bert"):
        render([other, files[0]], ".html", person="carl")


@pytest.mark.parametrize("form", FORMS)
def test_foreign_text_breaks_nothing(hostile, form):
    content = render([hostile], form)
    if form == ".html":
        page = content.decode()
        assert "script" not in Text(page).tags
        assert "&lt;script&gt;" in page
        assert "\u202e" not in page
        assert "\x00" not in page
        assert "SIMULATED INPUT (Face)" in page
    elif form == ".csv":
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        assert all(len(row) == len(COLUMNS) for row in rows)
        assert not any(cell.startswith(("=", "@", "+")) for row in rows[1:] for cell in row)
        assert any(cell == f"'={HOSTILE}" for row in rows for cell in row)
    else:
        assert content.startswith(b"%PDF-")
        assert content.rstrip().endswith(b"%%EOF")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("content", ["nothing", "one sample", "no emotions", "damaged"])
def test_little_makes_a_report_all_the_same(tmp_path, form, content):
    path = tmp_path / "one.mcap"
    with Recording(path) as file:
        if content == "one sample":
            file.emotion(0.0, 2)
        elif content != "nothing":
            file.play(0.0, 30.0, "Jasmine", backend="null")
    if content == "damaged":
        path.write_bytes(path.read_bytes()[:300])
    made = render([path], form)
    if form == ".html" and content == "no emotions":
        assert "there was no loudspeaker" in made.decode()
        assert made.decode().count("not known") >= 4
    if form == ".html" and content == "damaged":
        assert "is damaged" in made.decode()


def test_a_log_has_a_row_a_second_and_every_event(files):
    rows = list(csv.DictReader(io.StringIO(render(files[:1], ".csv").decode("utf-8-sig"))))
    assert len(rows) in (599, 600, 601)
    assert {row["person"] for row in rows} == {"anna"}
    calm = rows[-2]
    assert calm["state"] == "calm"
    assert float(calm["p_calm"]) == pytest.approx(0.7)
    assert calm["title"] == "Blue Danube"
    assert 60 < float(calm["heart_rate"]) < 90
    assert calm["time"].startswith("2026-11-02T14:09:5")
    events = [each for row in rows for each in row["event"].split("; ") if each]
    assert events.count("track started") == 4
    assert "stopped by a person" in events
    assert "track stopped" in events
    assert "rated -1 by mei (live:dashboard)" in events
    assert any(row["state"] == "unknown" and row["valence"] == "" for row in rows)


def test_a_long_session_is_shown_in_part(tmp_path):
    with Recording(tmp_path / "long.mcap") as file:
        for number in range(60):
            file.play(number * 600.0, number * 600.0 + 2, f"Track {number}")
            file.emotion(number * 600.0, 2)
        file.emotion(36000.0, 2)
    page = render([file.path], ".html").decode()
    assert "20 more are in the csv" in page
    assert "600 min, not planned" in page
    assert len(page) < 400_000


def test_both_languages_have_the_same_fields_and_every_text_is_used():
    import emo_music_ros.report as package

    (folder,) = package.__path__
    code = "".join(each.read_text() for each in Path(folder).glob("*.py") if each.stem != "words")
    composed = {f"{key}_is" for key in TEXTS} | {f"axis_{key}" for key in ("valence", "arousal")}
    endings = {"finished", "skipped", "replaced", "halted"}
    for key in TEXTS.keys() - composed - endings:
        assert f'"{key}"' in code or f"'{key}'" in code, f"{key} is used nowhere"
    for key, texts in TEXTS.items():
        fields = [{name for _, name, _, _ in string.Formatter().parse(text)} for text in texts]
        assert fields[0] == fields[1], key


def test_it_is_told_in_chinese(files):
    page = render(files[:1], ".html", "zh").decode()
    assert '<html lang="zh">' in page
    assert "报告：anna" in page
    assert "平静" in page
    assert "Report" not in page
    assert "Acceptance" not in page


def test_a_pdf_without_a_font_for_chinese_is_refused_with_a_remedy(files, monkeypatch):
    monkeypatch.setattr(pdf_module, "missing", lambda text: {"报"})
    with pytest.raises(InputError, match="fonts-noto-cjk"):
        render(files[:1], ".pdf", "zh")


def test_characters_without_a_font_are_marked(files, monkeypatch):
    monkeypatch.setattr(
        pdf_module, "missing", lambda text: fonts.missing(text) | (set(text) & {"花"})
    )
    marked: list[str] = []
    draw = charts.draw

    def watched(figure, place, session, words, drawable):
        marked.append(drawable(session.listens[1].title))
        draw(figure, place, session, words, drawable)

    monkeypatch.setattr(charts, "draw", watched)
    assert render(files[:1], ".pdf").startswith(b"%PDF")
    assert marked[0].endswith("?")


def test_the_first_font_has_what_the_pages_are_made_of():
    assert not fonts.missing("Report: anna ε μ − – • “”")
    assert "\U0010fffd" in fonts.missing("x\U0010fffd") or not "\U0010fffd".isprintable()


def test_the_command(files, tmp_path, capsys):
    out = tmp_path / "r.html"
    assert main(["report", *map(str, files), "--out", str(out), "--language", "zh"]) == 0
    assert f"report in {out}" in capsys.readouterr().out
    assert out.stat().st_mode & 0o777 == 0o600
    assert REPORT_WORDS["zh"]("report", person="anna") in out.read_text("utf-8")
    assert [each.name for each in tmp_path.iterdir()] == ["r.html"]


@pytest.mark.parametrize(
    ("out", "told"), [("r.doc", "there is no report as '.doc'"), ("no/r.html", "cannot be written")]
)
def test_what_cannot_be_made_is_refused(files, tmp_path, capsys, out, told):
    assert main(["report", str(files[0]), "--out", str(tmp_path / out)]) == 2
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_what_was_there(files, tmp_path, capsys):
    import resource

    out = tmp_path / "r.html"
    out.write_text("the one of yesterday")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        assert main(["report", str(files[0]), "--out", str(out)]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "cannot be written" in capsys.readouterr().err
    assert out.read_text() == "the one of yesterday"
    assert [each.name for each in tmp_path.iterdir()] == ["r.html"]
