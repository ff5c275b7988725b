# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A confirmed moment in the running graph: learned, kept across kill -9, undone and forgotten."""

import numpy as np

from emo_music_ros import msg, srv
from emo_music_ros.emotion import STATES, from_labels
from emo_music_ros.ros import conversions as convert
from emo_music_ros.streams import Encoding


def test_what_was_learned_of_a_person_outlives_the_node_and_ends_with_the_person(
    probe, start, until, tmp_path
):
    (tmp_path / "music").mkdir()
    start("recommender", person_id="anna", folder__path=str(tmp_path / "music"))
    fusion = start("fusion", person_id="anna", plugin="average")
    faces = probe.publisher(msg.ModalityEncoding, "encoding/face")
    felt = probe.listen(msg.EmotionState, "emotion")

    def seen():
        """Return the probabilities of the next state, of a face that looks sad."""
        felt.clear()

        def known():
            now = probe.node.get_clock().now().nanoseconds * 1e-9
            estimate = from_labels(STATES, np.array([0.1, 0.1, 0.1, 0.7], np.float32))
            face = Encoding("face", now, now, estimate, np.zeros(1, np.float32), {}, "live:test")
            faces.publish(convert.encoding_message(face, "test", "1", "anna"))
            return next((one for one in felt if one.state), None)

        return until(known, "a state").estimate.probabilities[1]

    def revert(version):
        request = srv.RevertAdaptation.Request(person_id="anna", version=version)
        return probe.call(srv.RevertAdaptation, "revert_adaptation", request)

    before = seen()
    calm = srv.ConfirmEmotion.Request(person_id="anna", state=msg.EmotionState.CALM)
    answer = probe.call(srv.ConfirmEmotion, "confirm_emotion", calm)
    assert answer.success, answer.message
    assert answer.version == 1
    learned = seen()
    assert learned > before
    fusion.kill()
    start("fusion", person_id="anna", plugin="average")
    until(lambda: faces.get_subscription_count() == 1, "the node that was started again")
    until(lambda: abs(seen() - learned) < 1e-6, "what was learned")
    assert revert(0).version == 0
    until(lambda: abs(seen() - before) < 1e-6, "what was before")
    assert revert(1).success
    forgotten = probe.call(
        srv.ForgetPerson, "forget_person", srv.ForgetPerson.Request(person_id="anna")
    )
    assert forgotten.success, forgotten.message
    assert "1 versions of what fusion learned" in forgotten.message
    until(lambda: "0 alone" in revert(1).message, "the forgetting")
    until(lambda: abs(seen() - before) < 1e-6, "what was before")
