# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.io.playlists import Entry, read_playlist


def written(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def first_paths(playlist: Path) -> list[str]:
    return [str(entry.paths(playlist)[0]) for entry in read_playlist(playlist)]


def test_m3u_with_titles_and_relative_and_absolute_paths(tmp_path: Path) -> None:
    text = (
        "#EXTM3U\n#EXTINF:123,Ada - One, two\none.flac\n# a remark\n\n"
        '#EXTINF:-1 group="x, y",Three\n../three.ogg\n/music/four.mp3\n'
    )
    playlist = written(tmp_path, "list.m3u", text)
    entries = read_playlist(playlist)
    assert [entry.title for entry in entries] == ["Ada - One, two", "Three", ""]
    assert first_paths(playlist) == [
        str(tmp_path / "one.flac"),
        str(tmp_path / "../three.ogg"),
        "/music/four.mp3",
    ]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff#EXTM3U\r\nKäse.mp3\r\n".encode(),
        "Käse.mp3\r\n".encode("utf-16"),
        "Käse.mp3".encode("latin-1"),
        "  Käse.mp3\t\r".encode(),
    ],
    ids=["utf-8 with mark and CRLF", "utf-16", "latin-1", "spaces and CR"],
)
def test_text_is_read_in_the_code_it_is_written_in(tmp_path: Path, content: bytes) -> None:
    playlist = written(tmp_path, "list.M3U8", content)
    assert first_paths(playlist) == [str(tmp_path / "Käse.mp3")]


def test_urls_of_files_are_decoded_and_those_of_other_machines_are_no_files(tmp_path: Path) -> None:
    lines = [
        "file:///music/a%20b%25.mp3",
        "file://localhost/music/c.mp3",
        "file:/music/d.mp3",
        "file://nas/music/e.mp3",
        "https://example.org/f.mp3",
        "C:\\Music\\g.mp3",
    ]
    playlist = written(tmp_path, "list.m3u", "\n".join(lines))
    entries = read_playlist(playlist)
    assert [list(map(str, entry.paths(playlist))) for entry in entries] == [
        ["/music/a b%.mp3"], ["/music/c.mp3"], ["/music/d.mp3"], [], [], [],
    ]  # fmt: skip


def test_a_path_may_be_written_with_backslashes_or_as_if_it_were_a_url(tmp_path: Path) -> None:
    entry = Entry(("more\\a%20b.mp3",))
    found = [str(path.relative_to(tmp_path)) for path in entry.paths(tmp_path / "list.m3u")]
    assert found == ["more\\a%20b.mp3", "more/a%20b.mp3", "more\\a b.mp3", "more/a b.mp3"]


XSPF = """<?xml version="1.0" encoding="{code}"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/"{base}><title>Mine</title><trackList>
<track><location>a%20b%C3%A4.flac</location><creator>Ada</creator><title>Ä</title></track>
<track><location>https://example.org/x.mp3</location><location>file:///m/c.mp3</location></track>
<track><title>nowhere</title></track><track/>
</trackList></playlist>"""


@pytest.mark.parametrize("code", ["UTF-8", "ISO-8859-1", "UTF-16"])
def test_xspf(tmp_path: Path, code: str) -> None:
    playlist = written(tmp_path, "list.xspf", XSPF.format(code=code, base="").encode(code))
    entries = read_playlist(playlist)
    assert [entry.title for entry in entries] == ["Ada - Ä", "", "nowhere"]
    paths = [list(map(str, entry.paths(playlist))) for entry in entries]
    assert paths[0][0] == str(tmp_path / "a bä.flac")
    assert paths[1:] == [["/m/c.mp3"], []]


def test_xspf_with_a_base(tmp_path: Path) -> None:
    text = XSPF.format(code="UTF-8", base=' xml:base="file:///srv/music/"')
    assert first_paths_of_first(written(tmp_path, "list.xspf", text)) == "/srv/music/a bä.flac"


def first_paths_of_first(playlist: Path) -> str:
    return str(read_playlist(playlist)[0].paths(playlist)[0])


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("list.xspf", "<playlist>", "no XSPF"),
        ("list.xspf", "<playlist/>", "no XSPF"),
        ("list.xspf", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "document type"),
        ("list.xspf", '<?xml version="1.0" encoding="nonsense"?><x/>', "no XSPF"),
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:10\na.ts", "stream"),
        ("list.m3u", b"ID3\x04\x00\x00\x00sound", "no text"),
        ("list.pls", "[playlist]", "m3u8"),
        ("absent.m3u", None, "absent.m3u"),
    ],
)
def test_what_is_no_playlist_is_refused_by_name(
    tmp_path: Path, name: str, content: str | bytes | None, reason: str
) -> None:
    path = tmp_path / name if content is None else written(tmp_path, name, content)
    with pytest.raises(InputError, match=reason):
        read_playlist(path)


def test_a_playlist_of_enormous_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emo_music_ros.io.playlists.LARGEST", 10)
    with pytest.raises(InputError, match="larger"):
        read_playlist(written(tmp_path, "list.m3u", "a.mp3\nb.mp3\n"))


NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=30)


@given(NAMES.filter(lambda name: "/" not in name and name not in (".", "..")))
def test_any_name_comes_back_from_a_percent_encoded_location(name: str) -> None:
    playlist = Path("/lists/list.xspf")
    assert Entry((f"file:///music/{quote(name)}",)).paths(playlist) == [Path("/music") / name]
    assert Entry((quote(name, safe=""),), urls=True).paths(playlist)[0] == Path("/lists") / name
