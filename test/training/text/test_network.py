# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from emo_music_ros.encoding.text.embedding import DIMENSIONS  # noqa: E402
from emo_music_ros.training.text.network import TextSettings, TokenReader  # noqa: E402

SETTINGS = TextSettings(narrow=8, heads=2)


@pytest.fixture
def reader() -> TokenReader:
    torch.manual_seed(0)
    return TokenReader(SETTINGS).eval()


def test_padding_changes_nothing(reader: TokenReader) -> None:
    states = torch.randn(2, 7, DIMENSIONS)
    padding = torch.arange(7)[None] >= torch.tensor([[7], [4]])
    together = reader(states, padding)
    assert together.shape == (2, reader.size)
    torch.testing.assert_close(together[:1], reader(states[:1]))
    torch.testing.assert_close(together[1:], reader(states[1:, :4]))
    states[1, 4:] = 100.0
    torch.testing.assert_close(reader(states, padding), together)


def test_the_neighbour_of_a_token_counts(reader: TokenReader) -> None:
    """Else "not sad, but tired" would be "sad, but not tired"."""
    a, b, c = torch.randn(3, DIMENSIONS)
    one, other = torch.stack([a, b, c])[None], torch.stack([b, a, c])[None]
    assert not torch.allclose(reader(one), reader(other), atol=1e-4)
