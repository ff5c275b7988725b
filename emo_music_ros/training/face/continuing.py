"""Go on with a face network in little time, one pass after another.

Only what lies behind the finest stage still learns: that one finds its edges within the first
passes, and without it a step costs a third less. Half of the faces of a batch are seen as they are
or mirrored, half as a camera might see them: all of them that way takes many more passes. Towards
the end that half gets smaller, as the rate does.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from emo_music_ros.emotion import FER2013
from emo_music_ros.numerics import softmax
from emo_music_ros.training.evaluation.protocol import Rows
from emo_music_ros.training.face.augmentation import augment
from emo_music_ros.training.face.fitting import AVERAGING, DECAY, SMOOTHING, infer
from emo_music_ros.training.face.network import FaceNetwork, teacher
from emo_music_ros.training.face.restoration import SIZE, cosines, restore
from emo_music_ros.training.face.settings import FaceSettings
from emo_music_ros.training.face.training import Trainings, weights_key
from emo_music_ros.training.shared.seeding import seed_everything

logger = logging.getLogger(__name__)

#: What is gone on with, and for every round after it the passes, and in how many of these the rate
#: falls. From the second round on the network of the round before tempers the labels.
FIRST = FaceSettings(teacher, 6)
ROUNDS = ((10, 7), (8, 8))
BATCH = 64
RATE = 1.5e-3
WARMING = 100  # steps until the full rate
CHANGED = 0.5  # share of the faces that are changed, until it falls


class Continuation:
    """The state of a training that goes on; `network` learns, `averaged` is what is kept.

    Every pass draws from its own seed, so that a training that was stopped after any of them
    (`state`) and one that was not give the same.

    Parameters
    ----------
    network : FaceNetwork
        As it was left.
    images : array uint8 [n, 48, 48]
        Faces.
    labels : array int64 [n]
        Their classes.
    seed : int
        Of order, augmentation and dropout.
    beliefs : array [n, 7], optional
        What a teacher holds of the faces, as of :func:`fitting.fit`.
    """

    def __init__(
        self,
        network: FaceNetwork,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        seed: int,
        beliefs: NDArray[np.float32] | None = None,
    ) -> None:
        self.done = 0
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._fixed = [self.network.stem, self.network.body[0]]
        for part in self._fixed:
            part.requires_grad_(False)
        self.averaged = torch.optim.swa_utils.AveragedModel(
            self.network,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGING),
            use_buffers=True,
        )
        learning = [one for one in self.network.parameters() if one.requires_grad]
        self._optimiser = torch.optim.AdamW(learning, lr=RATE, weight_decay=DECAY)
        self._faces = torch.from_numpy(restore(images))[:, None]
        target = F.one_hot(torch.from_numpy(labels), len(FER2013)).float()
        if beliefs is None:
            self._target = (1.0 - SMOOTHING) * target + SMOOTHING / len(FER2013)
        else:
            self._target = 0.5 * target + 0.5 * torch.from_numpy(beliefs)
        self._forth = torch.from_numpy(cosines(SIZE)).float()
        self._seed = seed

    @property
    def steps(self) -> int:
        """How many steps a pass has."""
        return len(self._faces) // BATCH

    def state(self) -> dict[str, Any]:
        """Return all that `resume` needs."""
        return {
            "done": self.done,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.done = state["done"]
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimiser.load_state_dict(state["optimiser"])

    def one_pass(self, passes: int, falling: int) -> None:
        """See all faces once.

        In the last `falling` of `passes` the rate and the share of changed faces fall to nothing.
        """
        began = time.monotonic()
        seed = 1000 * self._seed + self.done
        seed_everything(seed)
        draw = torch.Generator().manual_seed(seed)
        self.network.train()
        for part in self._fixed:
            part.eval()
        total = 0.0
        order = torch.randperm(len(self._faces), generator=draw)
        for index, rows in enumerate(order[: self.steps * BATCH].split(BATCH)):
            step = self.done * self.steps + index
            left = min(1.0, (passes * self.steps - step) / (falling * self.steps))
            for group in self._optimiser.param_groups:
                group["lr"] = RATE * min(left, (step + 1) / WARMING)
            logits = self.network.classify(self._seen(self._faces[rows], CHANGED * left, draw))[0]
            loss = F.cross_entropy(logits, self._target[rows])
            self._optimiser.zero_grad()
            loss.backward()
            self._optimiser.step()
            self.averaged.update_parameters(self.network)
            total += loss.item()
        self.done += 1
        seconds = time.monotonic() - began
        mean = total / self.steps
        logger.info("pass %d of %d: loss %.3f, %.0f s", self.done, passes, mean, seconds)

    def _seen(self, faces: Tensor, share: float, draw: torch.Generator) -> Tensor:
        changed = int(len(faces) * share)
        plain = self._forth.T @ faces[changed:] @ self._forth
        mirror = torch.rand(len(plain), 1, 1, 1, generator=draw) < 0.5
        plain = torch.where(mirror, plain * self.network.parity, plain)
        return torch.cat([augment(faces[:changed], draw), plain]) if changed else plain


class ContinuedTrainings(Trainings):
    """Networks trained as their settings say, then gone on with for `ROUNDS`."""

    def _network(self, settings: FaceSettings, learn: Rows, seed: int) -> nn.Module:
        images, labels = self.corpus.items[learn], self.corpus.labels[learn]

        def compute() -> dict[str, NDArray[Any]]:
            model = super(ContinuedTrainings, self)._network(settings, learn, seed)
            assert isinstance(model, FaceNetwork)
            model.mirrored = False
            beliefs = None
            for index, (passes, falling) in enumerate(ROUNDS):
                if index > 0:
                    beliefs = softmax(infer(model, images)).astype(np.float32)
                training = Continuation(model, images, labels, seed + 1000 * index, beliefs)
                for _ in range(passes):
                    training.one_pass(passes, falling)
                model = training.averaged.module
            return {name: value.numpy() for name, value in model.state_dict().items()}

        key = [
            *[*weights_key(settings), Continuation, AVERAGING, DECAY, SMOOTHING],
            *[ROUNDS, BATCH, RATE, WARMING, CHANGED, seed, images, labels],
        ]
        state = self._work.recall(f"face {settings.make.__name__} continued", key, compute)
        model = settings.make()
        model.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
        if isinstance(model, FaceNetwork):
            model.mirrored = True
        return model.eval()
