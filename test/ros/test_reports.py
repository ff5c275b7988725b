# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Diagnostics of others are read without trust."""

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.ros.reports import reports


def status(name="/fusion", level=b"\x00", message="active", owner="emo_music_ros", **values):
    pairs = [KeyValue(key=key.replace("__", " "), value=value) for key, value in values.items()]
    return DiagnosticStatus(
        name=name, level=level, message=message, hardware_id=owner, values=pairs
    )


def read(*found, namespace="/"):
    return list(reports(DiagnosticArray(status=list(found)), namespace))


def test_a_report_is_read():
    (report,) = read(
        status(level=DiagnosticStatus.WARN, pid="42", peak_rss_mb="12.5", dropped__emotion="3")
    )
    assert report == ("/fusion", "warn", "active", {"emotion": 3}, 42, 12.5)


def test_numbers_that_are_none_count_as_nothing():
    for wrong in ("", "-3", "1e99", "nan", "inf", "twelve", "٣", "9" * 5000, "0x1f"):
        (report,) = read(status(pid=wrong, peak_rss_mb=wrong, dropped__emotion=wrong))
        assert report.pid == 0
        assert report.dropped == {"emotion": 0}
        assert 0 <= report.rss_mb < float("inf")


def test_only_nodes_of_the_own_namespace_and_package_count():
    found = (status("/a/fusion"), status("/b/fusion"), status("/fusion"), status("/a/x", owner=""))
    assert [report.name for report in read(*found, namespace="/a")] == ["/a/fusion"]
    assert [report.name for report in read(*found, namespace="/")] == ["/fusion"]


def test_names_are_of_one_line_and_memory_is_that_of_a_computer():
    (report,) = read(
        status(message="a\x1b[2J\nb", peak_rss_mb="1.7e308", **{"dropped__\n" + "x" * 9999: "1"})
    )
    assert report.text == "a?[2J?b"
    assert report.rss_mb == 0.0
    (topic,) = report.dropped
    assert len(topic) < 250
    assert topic.isprintable()


def test_unknown_levels_are_errors_and_long_texts_are_cut():
    (report,) = read(status(level=b"\x07", message="x" * 100000))
    assert report.level == "error"
    assert len(report.text) == 500
    assert read(status(level=DiagnosticStatus.STALE))[0].level == "error"
    assert len(read(*[status()] * 1000)) == 200


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_nothing_raises(name, key, value):
    read(status("/" + name, pid=value, peak_rss_mb=key))
