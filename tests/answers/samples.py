"""A small valid file of every format, as bytes, shared by the tests and the fuzzers."""

from __future__ import annotations

import io
import json

import numpy as np
import polars as pl

from tests.answers.samples_more import MORE

LABEL_STUDIO = [
    {
        "id": 1,
        "data": {"image": "a.png"},
        "annotations": [
            {
                "id": 11,
                "completed_by": 7,
                "lead_time": 4.5,
                "was_cancelled": False,
                "ground_truth": False,
                "result": [
                    {
                        "from_name": "label",
                        "to_name": "image",
                        "type": "choices",
                        "value": {"choices": ["cat"]},
                    }
                ],
            },
            {
                "id": 12,
                "completed_by": {"id": 8, "email": "b@example.org"},
                "lead_time": 6.0,
                "was_cancelled": False,
                "ground_truth": True,
                "result": [
                    {
                        "from_name": "label",
                        "to_name": "image",
                        "type": "choices",
                        "value": {"choices": ["dog"]},
                    }
                ],
            },
            {"id": 13, "completed_by": 7, "was_cancelled": True, "result": []},
        ],
    },
    {
        "id": 2,
        "data": {"anchor": "x", "one": "y", "two": "z"},
        "annotations": [
            {
                "id": 14,
                "completed_by": 7,
                "lead_time": 2.0,
                "result": [
                    {
                        "from_name": "pair",
                        "to_name": "one,two",
                        "type": "pairwise",
                        "value": {"selected": "right"},
                    }
                ],
            }
        ],
    },
    {
        "id": 3,
        "data": {"image": "c.png"},
        "annotations": [
            {
                "id": 15,
                "completed_by": 7,
                "lead_time": 9.0,
                "result": [
                    {
                        "from_name": "rank",
                        "to_name": "list",
                        "type": "ranker",
                        "value": {"ranker": {"rank": ["dog", "cat"]}},
                    },
                    {
                        "from_name": "many",
                        "to_name": "image",
                        "type": "choices",
                        "value": {"choices": ["cat", "dog"]},
                    },
                    {
                        "from_name": "stars",
                        "to_name": "image",
                        "type": "rating",
                        "value": {"rating": 4},
                    },
                ],
            },
            {
                "id": 16,
                "completed_by": 7,
                "lead_time": 12.0,
                "result": [
                    {
                        "from_name": "cat",
                        "to_name": "image",
                        "type": "number",
                        "value": {"number": 70},
                    },
                    {
                        "from_name": "dog",
                        "to_name": "image",
                        "type": "number",
                        "value": {"number": 30},
                    },
                    {
                        "from_name": "rank",
                        "to_name": "list",
                        "type": "ranker",
                        "value": {"ranker": ["cat", "dog"]},
                    },
                ],
            },
        ],
    },
]
LABEL_STUDIO_MIN = [
    {
        "image": "a.png",
        "id": 1,
        "choice": "cat",
        "annotator": 7,
        "annotation_id": 11,
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": "2024-01-01T00:00:00Z",
        "lead_time": 4.5,
    },
    {
        "image": "b.png",
        "id": 2,
        "choice": {"choices": ["cat", "dog"]},
        "stars": [{"rating": 3}],
        "annotator": 8,
        "annotation_id": 12,
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": "2024-01-01T00:00:00Z",
        "lead_time": 6.0,
    },
]
ARGILLA = [
    {
        "id": "r1",
        "status": "completed",
        "fields": {"text": "a nice film"},
        "metadata": {},
        "suggestions": {},
        "responses": {
            "sentiment": [
                {"value": "positive", "user_id": "u1"},
                {"value": "negative", "user_id": "u2"},
            ]
        },
        "vectors": {},
    },
    {
        "id": "r2",
        "fields": {"text": "a bad film"},
        "responses": {
            "sentiment": [{"value": "negative", "user_id": "u1"}],
            "topics": [{"value": ["positive", "negative"], "user_id": "u1"}],
            "order": [
                {
                    "value": [{"value": "negative", "rank": 2}, {"value": "positive", "rank": 1}],
                    "user_id": "u1",
                }
            ],
            "stars": [{"value": 4, "user_id": "u1"}],
        },
    },
]


def _parquet(table: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    table.write_parquet(stream)
    return stream.getvalue()


def _npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


CANONICAL = pl.DataFrame(
    {
        "signal": ["hard", "triplet", "sparse-soft", "ranking"],
        "annotator": ["ann", "ann", "bob", "bob"],
        "items": [["a"], ["a", "b", "c"], ["b"], ["c"]],
        "classes": [None, None, None, None],
        "answer": ['"cat"', "1", '{"cat": 0.7, "dog": 0.0}', '["dog", "cat"]'],
        "seconds": [3.5, 2.0, None, 8.0],
    },
    schema_overrides={"classes": pl.List(pl.String)},
)

#: Format -> (file name, content, number of answers in it).
SAMPLES: dict[str, tuple[str, bytes, int]] = {
    "labelbits": (
        "answers.csv",
        b'signal,annotator,items,answer,seconds\nhard,ann,"[""a""]","""cat""",3.5\n'
        b'triplet,ann,"[""a"",""b"",""c""]",1,2.0\n'
        b"hard,bob,a,dog,4\n",
        3,
    ),
    "label-studio": ("ls.json", json.dumps(LABEL_STUDIO).encode(), 8),
    "label-studio-min": ("min.json", json.dumps(LABEL_STUDIO_MIN).encode(), 3),
    "crowd-kit": (
        "labels.csv",
        b"task,worker,label\nt1,w1,cat\nt1,w2,dog\nt2,w1,cat\n",
        3,
    ),
    "crowd-kit-pairwise": (
        "pairs.csv",
        b"worker,left,right,label\nw1,a,b,a\nw2,a,b,b\n",
        2,
    ),
    "cleanlab": ("matrix.csv", b",ann_0,ann_1,ann_2\n0,1,1,\n1,,0,0\n2,2,,1\n", 6),
    "argilla": ("argilla.json", json.dumps(ARGILLA).encode(), 6),
    "mturk": (
        "batch.csv",
        b"HITId,AssignmentId,WorkerId,AssignmentStatus,WorkTimeInSeconds,Reward,Input.image_url,"
        b"Answer.category.label\n"
        b"h1,a1,w1,Approved,12,$0.05,x.png,cat\nh1,a2,w2,Submitted,8,$0.05,x.png,dog\n"
        b"h2,a3,w1,Rejected,3,$0.05,y.png,cat\n",
        2,
    ),
    "jspsych": (
        "jspsych.csv",
        b"trial_type,trial_index,rt,time_elapsed,stimulus,response,participant_id\n"
        b"instructions,0,5000,5000,,,p1\n"
        b'image-button-response,1,1200,7000,a.png,"""cat""",p1\n'
        b'survey-multi-choice,2,4000,12000,b.png,"{""Q0"": ""dog""}",p1\n',
        2,
    ),
    "salmon": (
        "salmon.csv",
        b"head,left,right,winner,loser,puid,response_time\n1,2,3,2,3,p1,1.5\n1,3,2,2,3,p2,2.5\n",
        2,
    ),
    "odd-one-out": ("triples.txt", b"0 1 2\n3 4 5\n1 5 2\n", 3),
    "counts": (
        "counts.npz",
        _npz(
            counts=np.array([[3, 1], [0, 0], [0, 5]], dtype=np.uint8),
            class_names=np.array(["cat", "dog"]),
        ),
        2,
    ),
    "language-model": (
        "model.csv",
        b"model,task,label,prompt_tokens,completion_tokens,input_price,output_price\n"
        b"m-1,t1,cat,1000,10,3,15\nm-1,t2,dog,2000,10,3,15\n",
        2,
    ),
    "cifar-10s": (
        "soft.parquet",
        _parquet(
            pl.DataFrame(
                {
                    "annotator": [0, 0, 1],
                    "image_idx": [5, 5, 5],
                    "top1": [3, 3, 5],
                    "top1_prob": [80.0, 100.0, 60.0],
                    "top2": [5, -1, 3],
                    "top2_prob": [20.0, float("nan"), 40.0],
                    "impossible_mask": [0b11, 0, 0b1000000000],
                    "rt_s": [30.0, 20.0, 40.0],
                    "is_repeat": [False, True, False],
                }
            )
        ),
        3,
    ),
    "word-pairs": (
        "words.csv",
        b"rater,word1,word2,rating\n0,boy,lad,10\n1,boy,lad,9\n0,noon,string,0\n",
        3,
    ),
}
SAMPLES |= MORE
#: Prolific's sessions, which give times to the answers of another file.
PROLIFIC = (
    b"Submission id,Participant id,Status,Started at,Time taken\n"
    b"s1,w1,APPROVED,2024-01-01T10:00:00Z,120\ns2,w2,RETURNED,2024-01-01T10:00:00Z,30\n"
    b"s3,w3,AWAITING REVIEW,2024-01-01T10:05:00Z,61.5\n"
)
#: The same formats in another container, for the fuzzers.
OTHERS: dict[str, bytes] = {
    "labelbits": _parquet(CANONICAL),
    "cleanlab": _npy(np.array([[0.0, np.nan], [1.0, 1.0]])),
    "odd-one-out": _npy(np.array([[0, 1, 2], [3, 4, 5]], dtype=np.int64)),
    "counts": _npy(np.array([[3, 1], [0, 5]], dtype=np.uint8)),
    "crowd-kit": _parquet(pl.DataFrame({"task": [1, 2], "worker": [1, 1], "label": ["a", "b"]})),
    "argilla": _parquet(
        pl.DataFrame(
            {
                "id": ["r1"],
                "text": ["a nice film"],
                "label.responses": [["yes", "no"]],
                "label.responses.users": [["u1", "u2"]],
                "label.responses.status": [["submitted", "discarded"]],
            }
        )
    ),
}
