# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A call for help and distress reach a server, the pages and the list; secrets stay at home."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from std_msgs.msg import String
from web import PASSWORD, Browser

from emo_music_ros import msg, srv
from emo_music_ros.ros.qos import LATCHED

ADDRESS = re.compile(r"dashboard: http://127\.0\.0\.1:(\d+)/")
CODE = re.compile(r"code to make the first: (\S+)")


@pytest.fixture
def pager():
    """Run a server that is away as long as `status` says so."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if running.status == 200:
                running.posts.append((json.loads(body), self.headers["Authorization"]))
            self.send_response(running.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    running = HTTPServer(("127.0.0.1", 0), Handler)
    running.posts, running.status = [], 503
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def test_a_call_reaches_the_pager_and_the_page_and_is_acknowledged(
    probe, start, until, pager, tmp_path
):
    token = tmp_path / "token"
    token.write_text("s3cret-token")
    token.chmod(0o600)
    node = start(
        "notifying",
        person_id="anna",
        place="Room 12",
        plugin="webhook",
        webhook__url=f"http://127.0.0.1:{pager.server_port}/",
        webhook__token_file=str(token),
    )
    lists = probe.listen(msg.CarerCalls, "carer/calls", LATCHED)
    health = probe.listen(DiagnosticArray, "/diagnostics")
    until(lambda: lists, "the list of nobody's calls")
    calls = probe.publisher(String, "carer/call")
    choices = probe.publisher(msg.Recommendation, "recommendation")
    page = start("dashboard", port=0, person_id="anna")
    until(lambda: ADDRESS.search(page.output), "the address")
    browser = Browser(int(ADDRESS.search(page.output).group(1)))
    form = {"code": CODE.search(page.output).group(1), "name": "Thea", "password": PASSWORD}
    assert browser.send("POST", "/setup", form).status == 303

    choices.publish(msg.Recommendation(person_id="anna", trigger="state"))  # is no distress
    choices.publish(msg.Recommendation(person_id="anna", trigger="distress"))
    until(lambda: lists[-1].calls, "the distress")
    calls.publish(String(data="anna called for help"))
    until(lambda: lists[-1].calls[0].count == 2, "the call that joins it")
    (call,) = lists[-1].calls
    assert (call.kind, call.person_id, call.pushed) == (msg.CarerCall.HELP, "anna", True)
    until(lambda: "anna asked for help" in browser.get("/carer").body, "the page")

    def told():
        return [s.message for m in health for s in m.status if s.name.endswith("/notifying")]

    until(lambda: any("notifier webhook" in each for each in told()), "the health")
    pager.status = 200
    until(lambda: pager.posts, "the pager, which was away before")
    body, authorization = pager.posts[0]
    assert body["text"] == "Please look in: Room 12."
    assert "anna" not in json.dumps(body)
    assert "distress" not in json.dumps(body)
    assert authorization == "Bearer s3cret-token"
    until(lambda: "notifier webhook" not in told()[-1], "the health to be well again")

    def acknowledged():
        browser.post("/calls/acknowledge", call=str(call.id), need="no")
        return "Saved" in browser.get("/calls").body

    until(acknowledged, "the node to take it")
    until(lambda: lists[-1].calls[0].acknowledged, "the acknowledgement")
    assert lists[-1].calls[0].acknowledged_by == "Thea"
    assert lists[-1].calls[0].false_alarm
    audit = browser.get("/audit").body
    assert f"push of call {call.id} by webhook" in audit
    assert f"acknowledge call {call.id}: no need" in audit
    assert "s3cret" not in node.output + "".join(told()) + audit

    forget = probe.publisher(msg.Person, "person/forgotten")

    def forgotten():
        forget.publish(msg.Person(person_id="anna"))
        return not lists[-1].calls

    until(forgotten, "the calls to be forgotten")
    answer = probe.call(srv.AcknowledgeCall, "acknowledge_call", srv.AcknowledgeCall.Request(id=99))
    assert not answer.success
    assert "no call 99" in answer.message
