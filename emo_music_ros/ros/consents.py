# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Decisions of people as messages, and back."""

from __future__ import annotations

from typing import Any

import emo_music_ros.msg as msg
from emo_music_ros.consent.rules import Consent, Terms
from emo_music_ros.ros.stamps import seconds, stamp


def consent_message(consent: Consent) -> msg.Consent:
    """Return a decision as a message."""
    terms = consent.terms
    return msg.Consent(
        person_id=consent.person_id,
        purpose=consent.purpose,
        given=consent.given,
        since=stamp(consent.time),
        source=consent.source,
        decided_by=terms.decided_by,
        document=terms.document,
        scope=terms.scope,
        until=stamp(terms.until),
    )


def consent_of(message: Any) -> Consent:
    """Return the decision in a message."""
    return Consent(
        message.person_id,
        message.purpose,
        message.given,
        seconds(message.since),
        message.source,
        terms_of(message),
    )


def terms_of(message: Any) -> Terms:
    """Return the terms in a message, or in a request of `SetConsent`."""
    return Terms(message.decided_by, message.document, message.scope, seconds(message.until))
