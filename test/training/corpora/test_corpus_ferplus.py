# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import ferplus


def pictures(count):
    return np.random.default_rng(0).integers(0, 256, (count, 48, 48), np.uint8)


def write(folder, images, rows):
    folder.mkdir(parents=True)
    lines = []
    for number, (image, row) in enumerate(zip(images, rows)):
        name = f"fer{number:07d}.png"
        assert cv2.imwrite(str(folder / name), image)
        lines.append(f'{name},"(0, 0, 48, 48)",{",".join(map(str, row))}')
    (folder / "label.csv").write_text("\n".join(lines) + "\n")


def test_votes_find_their_pictures_in_another_order_and_stored_with_losses(tmp_path):
    images = pictures(5)
    rows = np.zeros((5, 10), int)
    rows[0, 0] = 10  # neutral
    rows[1, [1, 4]] = 6, 4  # happiness, anger
    rows[2, 9] = 10  # no face
    write(tmp_path / "ferplus" / "FER2013Train", images, rows)
    draw = np.random.default_rng(1)
    order = [2, 1, 0]
    lossy = np.clip(images[order].astype(int) + draw.integers(-2, 3, (3, 48, 48)), 0, 255)
    asked = np.concatenate([lossy.astype(np.uint8), 255 - images[3:4]])
    found = ferplus.votes(tmp_path, asked)
    assert found.shape == (4, len(ferplus.CHOICES))
    assert found[0, ferplus.CHOICES.index("no face")] == 1
    assert found[1, ferplus.CHOICES.index("happiness")] == pytest.approx(0.6)
    assert found[1, ferplus.CHOICES.index("anger")] == pytest.approx(0.4)
    assert found[2, ferplus.CHOICES.index("neutral")] == 1
    assert found[3].sum() == 0  # nobody voted on this one


def test_without_the_folder_there_are_no_votes(tmp_path):
    assert ferplus.votes(tmp_path, pictures(2)) is None


@pytest.mark.parametrize(
    "text", ["a.png\n", 'a.png,"(0, 0, 48, 48)",1,2\n', "a.png,b," + "x," * 9 + "x\n"]
)
def test_a_table_of_another_form_is_refused(tmp_path, text):
    images = pictures(1)
    write(tmp_path / "FER2013Train", images, np.ones((1, 10), int))
    cv2.imwrite(str(tmp_path / "FER2013Train" / "a.png"), images[0])
    (tmp_path / "FER2013Train" / "label.csv").write_text(text)
    with pytest.raises(InputError, match="not as published"):
        ferplus.votes(tmp_path, images)


def test_a_table_without_its_pictures_is_refused(tmp_path):
    write(tmp_path / "FER2013Train", pictures(1), np.ones((1, 10), int))
    (tmp_path / "FER2013Train" / "fer0000000.png").unlink()
    with pytest.raises(InputError, match="no pictures"):
        ferplus.votes(tmp_path, pictures(1))
