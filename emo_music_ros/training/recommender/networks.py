# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Four kinds of networks of DeepCTR-Torch for fields that are names or bins of measures.

FM (Rendle 2010) is its DeepFM without the deep part; the others are there by name: Wide & Deep
(Cheng et al. 2016), AutoInt (Song et al. 2019) and DCN V2 (Wang et al. 2021: its cross has a
matrix).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: Numbers that stand for one name or bin.
WIDTH = 10
#: Settings of each, beside those they share.
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "FM": ("DeepFM", {"dnn_hidden_units": ()}),
    "Wide & Deep": ("WDL", {"dnn_hidden_units": (128,), "dnn_dropout": 0.3}),
    "AutoInt": (
        "AutoInt",
        {"att_layer_num": 2, "att_head_num": 2, "dnn_hidden_units": (64,), "dnn_dropout": 0.3},
    ),
    "DCN V2": (
        "DCN",
        {
            "cross_num": 2,
            "cross_parameterization": "matrix",
            "dnn_hidden_units": (64,),
            "dnn_dropout": 0.3,
        },
    ),
}


def make(kind: str, sizes: Sequence[int], seed: int = 0) -> Any:
    """Return a network from fields, float [rows, fields], to logits [rows, 1].

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    sizes : sequence of int
        How many different values each field has.
    seed : int
        Of its first weights.
    """
    from deepctr_torch import models
    from deepctr_torch.inputs import SparseFeat

    fields = [
        SparseFeat(f"field{number}", vocabulary_size=size, embedding_dim=WIDTH)
        for number, size in enumerate(sizes)
    ]
    name, settings = KINDS[kind]
    return getattr(models, name)(
        fields, fields, task="regression", seed=seed, init_std=0.05, **settings
    )
