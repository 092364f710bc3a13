"""Small files of the formats that people collect, label and train with, in their own words."""

from __future__ import annotations

import json
from typing import Any


def lines(*records: Any) -> bytes:
    """JSON lines."""
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()


def _choice(image: str, who: str, ticked: list[str], answer: str = "accept") -> dict[str, Any]:
    return {
        "image": image,
        "options": [{"id": "oak", "text": "Oak"}, {"id": "elm", "text": "Elm"}],
        "_task_hash": len(image + who),
        "_timestamp": 1_700_000_000 + len(image) * 7 + len(who),
        "_annotator_id": who,
        "accept": ticked,
        "answer": answer,
    }


def _worker(who: str, label: str) -> dict[str, Any]:
    content = json.dumps({"crowd-image-classifier": {"label": label}})
    return {"workerId": who, "annotationData": {"content": content}}


TOLOKA = (
    "INPUT:photo\tOUTPUT:kind\tGOLDEN:kind\tASSIGNMENT:task_id\tASSIGNMENT:assignment_id\t"
    "ASSIGNMENT:worker_id\tASSIGNMENT:status\tASSIGNMENT:started\tASSIGNMENT:submitted\t"
    "ASSIGNMENT:reward\n"
    "p1\toak\toak\tt1\ta1\tw1\tAPPROVED\t2022-03-01T10:00:00.000\t2022-03-01T10:00:24.000\t0.06\n"
    "p2\telm\t\tt2\ta1\tw1\tAPPROVED\t2022-03-01T10:00:00.000\t2022-03-01T10:00:24.000\t0.06\n"
    "p1\telm\toak\tt1\ta2\tw2\tREJECTED\t2022-03-01T10:00:00.000\t2022-03-01T10:00:02.000\t0.06\n"
)
APPEN = (
    "_unit_id,_created_at,_golden,_id,_started_at,_tainted,_trust,_worker_id,leaf,leaf:confidence,"
    "leaf_gold,photo\n"
    "10,5/2/2021 9:00:30,true,1,5/2/2021 9:00:10,false,0.9,501,oak,1,oak,p1\n"
    "10,5/2/2021 9:01:05,true,2,5/2/2021 9:00:55,false,0.8,502,elm,1,oak,p1\n"
    "11,5/2/2021 9:02:00,false,3,5/2/2021 9:01:30,true,0.1,503,elm,1,,p2\n"
)
POTATO = (
    "instance_id,user_id,text,kindness,gender\n"
    "0,7,one,1.0,f\n0,8,one,2.0,m\n1,7,two,4.0,f\n1,8,two,5.0,m\n"
)
BATTLES = lines(
    {"question_id": "q1", "model_a": "ant", "model_b": "bee", "winner": "model_a", "judge": "j1"},
    {"question_id": "q2", "model_a": "bee", "model_b": "ant", "winner": "tie", "judge": "j1"},
    {"question_id": "q3", "model_a": "ant", "model_b": "bee", "winner": "model_b", "judge": "j2"},
)
CHOSEN = lines(
    {"prompt": "Name a tree", "chosen": "An oak.", "rejected": "A car."},
    {
        "prompt": [{"role": "user", "content": "Name a bird"}],
        "chosen": [{"role": "assistant", "content": "A wren."}],
        "rejected": [{"role": "assistant", "content": "A car."}],
    },
)
LEWIDI = json.dumps(
    {
        "71": {
            "annotators": "A1,A2",
            "number of annotations": 2,
            "annotations": {"A1": "yes", "A2": "no"},
        },
        "72": {
            "annotators": "A1,A2",
            "number of annotations": 2,
            "annotations": {"A1": "yes", "A2": "yes"},
        },
    }
).encode()
HATEXPLAIN = json.dumps(
    {
        "9_x": {
            "post_id": "9_x",
            "annotators": [
                {"label": "fine", "annotator_id": 1, "target": ["None"]},
                {"label": "rude", "annotator_id": 2, "target": ["Women", "Men"]},
            ],
        }
    }
).encode()
ALTTEST = json.dumps(
    {
        "ann": {"i1": "oak", "i2": "elm", "i3": "oak"},
        "bob": {"i1": "oak", "i2": "oak", "i3": "elm"},
    }
).encode()
BY_ITEM = json.dumps(
    {f"i{i}": {"ann": "oak", "bob": "elm" if i else "oak"} for i in range(4)}
).encode()

#: Format -> (file name, content, number of answers in it).
ZOONIVERSE = (
    "classification_id,user_name,metadata,annotations,subject_data,subject_ids\n"
    '1,bo,"{""started_at"": ""2024-01-01T10:00:00.000Z"", ""finished_at"": '
    '""2024-01-01T10:00:08.000Z""}","[{""task"": ""T0"", ""task_label"": ""What is it?"", '
    '""value"": ""deer""}]","{""90"": {""retired"": null}}",90\n'
    '2,not-logged-in-a1,"{}","[{""task"": ""T0"", ""task_label"": ""What is it?"", ""value"": '
    '[{""choice"": ""FOX"", ""answers"": {}}]}]","{""91"": {""retired"": null}}",91\n'
)
PSYCHOPY = (
    "picture,corrAns,trials.thisRepN,trials.thisTrialN,key_resp.keys,key_resp.corr,key_resp.rt,"
    "participant,session,expName,psychopyVersion\n"
    "a.png,left,0,0,left,1,0.8,p1,1,categorise,2023.2.3\n"
    "b.png,right,0,1,left,0,1.2,p1,1,categorise,2023.2.3\n"
    "a.png,left,0,0,right,0,1.1,p2,1,categorise,2023.2.3\n"
)
LABELBOX = {
    "data_row": {"id": "r1", "external_id": "a.png"},
    "projects": {
        "p": {
            "labels": [
                {
                    "label_details": {"created_by": "bo"},
                    "performance_details": {"seconds_to_create": 9},
                    "annotations": {
                        "objects": [{"name": "box"}],
                        "classifications": [
                            {"name": "What?", "radio_answer": {"name": "cat", "value": "cat"}}
                        ],
                    },
                }
            ]
        }
    },
}
MORE: dict[str, tuple[str, bytes, int]] = {
    "prodigy": (
        "oaks.jsonl",
        lines(
            _choice("p1", "ann", ["oak"]),
            _choice("p1", "bobby", ["elm"]),
            _choice("p2", "ann", [], "ignore"),
        ),
        2,
    ),
    "doccano": (
        "zoe.jsonl",
        lines(
            {"id": 1, "text": "one", "label": ["oak"]}, {"id": 2, "text": "two", "label": ["elm"]}
        ),
        2,
    ),
    "argilla-records": (
        "records.json",
        json.dumps(
            [
                {
                    "id": "r1",
                    "text": "one",
                    "annotation": "oak",
                    "annotation_agent": "zoe",
                    "status": "Validated",
                    "multi_label": False,
                },
                {
                    "id": "r2",
                    "text": "two",
                    "annotation": None,
                    "annotation_agent": None,
                    "status": "Default",
                    "multi_label": False,
                },
            ]
        ).encode(),
        1,
    ),
    "sagemaker-manifest": (
        "output.manifest",
        lines(
            {
                "source-ref": "s3://b/p1.jpg",
                "leaf": 0,
                "leaf-metadata": {"class-name": "oak", "human-annotated": "yes"},
            },
            {
                "source-ref": "s3://b/p2.jpg",
                "leaf": 1,
                "leaf-metadata": {"class-name": "elm", "human-annotated": "no"},
            },
        ),
        1,
    ),
    "sagemaker-responses": (
        "p1.json",
        json.dumps(
            {
                "answers": [
                    {
                        "workerId": "w1",
                        "timeSpentInSeconds": 9.5,
                        "answerContent": {"crowd-image-classifier": {"label": "oak"}},
                    },
                    {
                        "workerId": "w2",
                        "acceptanceTime": "2022-03-01T10:00:00Z",
                        "submissionTime": "2022-03-01T10:00:07Z",
                        "answerContent": {"crowd-image-classifier": {"label": "elm"}},
                    },
                ]
            }
        ).encode(),
        2,
    ),
    "sagemaker-consolidation": (
        "request.json",
        json.dumps(
            [
                {
                    "datasetObjectId": "0",
                    "dataObject": {"s3Uri": "s3://b/p1.jpg"},
                    "annotations": [_worker("w1", "oak"), _worker("w2", "elm")],
                }
            ]
        ).encode(),
        2,
    ),
    "lewidi": ("lewidi.json", LEWIDI, 4),
    "hatexplain": ("posts.json", HATEXPLAIN, 2),
    "label-counter": (
        "chaos.jsonl",
        lines(
            {"uid": "u1", "label_counter": {"e": 80, "n": 20}, "label_dist": [0.8, 0.2]},
            {"uid": "u2", "label_counter": {"c": 5}},
        ),
        2,
    ),
    "toloka": ("pool.tsv", TOLOKA.encode(), 2),
    "zooniverse": ("zooniverse.csv", ZOONIVERSE.encode(), 2),
    "labelbox": ("labelbox.ndjson", lines(LABELBOX), 1),
    "top-choices": (
        "top.csv",
        b"image,worker,first,first_conf,second,second_conf\na,w,cat,80,dog,10\nb,w,dog,60,cat,40\n",
        2,
    ),
    "item-lists": (
        "lists.json",
        b'{"d0": ["a", "b"], "d1": ["a"], "d2": ["b", "b"], "d3": ["a"], "d4": ["b"]}',
        7,
    ),
    "trials": ("psychopy.csv", PSYCHOPY.encode(), 3),
    "appen": ("full.csv", APPEN.encode(), 2),
    "potato": ("raw.csv", POTATO.encode(), 4),
    "things": (
        "trials.csv",
        b"image1,image2,image3,choice,RT,subject_id\n4,9,17,9,2100,s1\n9,21,4,21,3300,s2\n",
        2,
    ),
    "contrastive": (
        "near.csv",
        b"rater,reference,candidates,chosen\n"
        + b"".join(
            b"r%d,%s,oak|ash|elm,%s\n"
            % (k, b"yew fir box".split()[k % 3], b"oak ash elm".split()[k // 3])
            for k in range(9)
        ),
        9,
    ),
    "best-worst": (
        "sets.csv",
        b"Respondent,Set,Item 1,Item 2,Item 3,Best,Worst\n"
        b"1,1,oak,ash,elm,oak,elm\n1,2,ash,yew,oak,oak,yew\n2,1,elm,yew,ash,ash,elm\n"
        b"2,2,oak,elm,yew,oak,yew\n3,1,yew,ash,oak,ash,yew\n",
        5,
    ),
    "pair-columns": (
        "survey.csv",
        b"Participant,Age,oak - elm,oak - ash,elm - ash\n1,20,1,4,3\n2,31,2,4,\n3,25,1,3,4\n",
        8,
    ),
    "similarity-matrix": (
        "square.csv",
        b",oak,elm,ash\noak,,5,2\nelm,5,,3\nash,2,3,\n",
        3,
    ),
    "triplet-choices": (
        "choices.csv",
        b"target,left,right,choice,worker\na,b,c,left,w1\nb,a,c,right,w1\n",
        2,
    ),
    "anchor-positive-negative": (
        "triplets.jsonl",
        lines(
            {"anchor": "a", "positive": "b", "negative": "c"},
            {"anchor": "b", "positive": "a", "negative": "c"},
        ),
        2,
    ),
    "sentence-pairs": ("pairs.csv", b"sentence1,sentence2,score\na,b,0.32\na,c,0.9\n", 2),
    "soft-labels": (
        "soft.jsonl",
        lines({"image": "p1", "soft_label": [0.7, 0.3]}, {"image": "p2", "soft_label": [0.0, 1.0]}),
        2,
    ),
    "soft-columns": ("soft.csv", b"item,annotator,oak,elm\nt1,a,0.75,0.25\nt1,b,0,1\n", 2),
    "soft-rows": (
        "shares.csv",
        b"item,annotator,class,probability\nt1,a,oak,0.7\nt1,a,elm,0.3\nt2,a,oak,0.1\n"
        b"t2,a,elm,0.9\n",
        2,
    ),
    "rankings": (
        "ranks.csv",
        b"item,annotator,first,second,third\nt1,a,oak,elm,ash\nt1,b,elm,oak,ash\n",
        2,
    ),
    "battles": ("battles.jsonl", BATTLES, 3),
    "chosen-rejected": ("dpo.jsonl", CHOSEN, 2),
    "winner-loser": (
        "won.csv",
        b"judge,winner,loser\nann,oak,elm\nann,elm,ash\nbob,ash,oak\n",
        3,
    ),
    "prompt-completion": (
        "kto.jsonl",
        lines(
            {"prompt": "Name a tree", "completion": "An oak.", "label": True},
            {"prompt": "Name a tree", "completion": "A car.", "label": False},
        ),
        2,
    ),
    "lists": (
        "people.jsonl",
        lines(
            {"id": 1, "text": "a", "annotators": ["p", "q"], "labels": ["x", "y"]},
            {"id": 2, "text": "b", "annotators": ["p"], "labels": ["y"]},
        ),
        3,
    ),
    "alttest": ("judges.json", ALTTEST, 6),
    "by-item": ("items.json", BY_ITEM, 8),
    "probabilities": ("probs.csv", b"oak,elm\n0.75,0.25\n0.5,0.5\n", 2),
}
