"""Usual names of columns: what tables of many trades call items, annotators, answers and prices.

One room for all readers, for `plan`, `init` and the page. Names are compared without capitals,
blanks and marks, so that `Ticket No`, `ticket_no` and `TicketNo` are one. The trades looked at:
crowd markets, machine learning tools, support desks, medical reads, transcription, reviews of text.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labelbits.answers.formats import languages


@functools.lru_cache(1 << 14)
def plain(name: str) -> str:
    """A column's name in small letters without accents, blanks and marks."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[\W_]+", "", "".join(one for one in parts if not unicodedata.combining(one)))


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def words_in(name: str) -> list[str]:
    """The words of a heading or a cell in small letters, of `blockType` and `block_type` alike."""
    apart = re.sub(r"(?<=[^\W\d_])(?=\d)|(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", " ", name)
    return re.findall(r"\d+(?:st|nd)\b|\d+|[^\W\d_]+", apart.casefold().replace("_", " "))


#: What a column is called that says which of two was preferred, and which of any others.
WINNER = ("winner", "preference", "pref", "preferred", "choice", "verdict", "label")
CHOICES = (
    *WINNER, "chosen", "selected", "selection", "response", "answer", "nearer", "closer", "closest",
    "more_similar", "most_similar", "similar", "pick", "picked", "better", "best", "decision",
    "vote", "judgment", "judgement", "which", "preferred_option", "selected_option", "annotation",
)  # fmt: skip
#: How names of columns that hold ids end.
_IDS = ("id", "uid", "uuid", "guid", "key", "ref")
_NUMBERS = ("no", "nr", "number", "num")
#: How names of columns that hold people end.
_PEOPLE = ("", "id", "name", "code", "email", "initials", "no", "nr", "number", "key", "alias")
#: Things that are labelled, whose ids name them; those that have numbers of their own (a page or
#: a frame is counted within something else); and those that hold several others.
_NUMBERED = (
    "ticket", "case", "issue", "request", "incident", "complaint", "claim", "accession", "study",
    "exam", "specimen", "slide", "scan", "sample", "item", "task", "document", "doc", "record",
    "image", "review", "comment", "article", "post", "message", "report", "product", "letter",
)  # fmt: skip
_THINGS = (
    "task", "item", "example", "image", "instance", "doc", "document", "sample", "question",
    "object", "text", "sentence", "segment", "utterance", "clip", "audio", "recording", "video",
    "frame", "photo", "picture", "page", "file", "ticket", "case", "issue", "request", "incident",
    "chat", "call", "message", "msg", "email", "complaint", "claim", "accession", "scan", "slide",
    "study", "exam", "specimen", "report", "post", "tweet", "comment", "review", "article",
    "abstract", "paper", "query", "prompt", "pair", "passage", "paragraph", "snippet", "stimulus",
    "unit", "record", "datapoint", "asset", "product", "listing", "entity", "hit",
)  # fmt: skip
_HOLDERS = ("conversation", "dialog", "dialogue", "thread", "series", "patient", "data")


def _first(*names: str | Iterable[str]) -> tuple[str, ...]:
    every = [one for some in names for one in ([some] if isinstance(some, str) else some)]
    return tuple(dict.fromkeys(every))


#: The item, the surest names first; texts and paths name it where nothing else does.
ITEM = _first(
    "task", "item", "task_id", "item_id", "example", "image", "example_id", "instance_id",
    "image_id", "doc_id", "document_id", "sample", "sample_id", "question_id", "filename",
    "object", "object_id", "external_id", "uid", "id",
    (f"{thing}_{ending}" for thing in _THINGS for ending in _IDS),
    (f"{thing}_{ending}" for thing in _NUMBERED for ending in _NUMBERS),
    (f"{thing}_{ending}" for thing in _THINGS for ending in ("url", "uri", "link")),
    "file_name", "image_name", "file", "image_path", "audio_path", "file_path", "path", "uuid",
    "ticket", "case", "accession", "study", "scan", "slide", "audio", "recording", "video",
    "utterance", "segment", "conversation", "document", "doc", "post", "tweet", "instance",
    "stimulus", "stim", "stim_file", "stimulus_file", "photo", "picture", "card", "statement",
    (f"{thing}_id" for thing in _HOLDERS), languages.ID,
    "text", "sentence", "utterance_text", "url", "link", "word", "phrase", "term", languages.ITEM,
)  # fmt: skip
#: Names of columns that are certain to hold ids, whatever else a table has.
ID = _first(
    (f"{thing}_{ending}" for thing in _THINGS for ending in _IDS),
    (f"{thing}_{ending}" for thing in _NUMBERED for ending in _NUMBERS),
    (f"{thing}_id" for thing in _HOLDERS), languages.ID,
)  # fmt: skip
#: The person who answered.
WORKER = _first(
    "worker", "annotator", "worker_id", "annotator_id", "rater", "rater_id", "labeler", "labeller",
    "coder",
    (
        f"{who}{'_' * bool(ending)}{ending}"
        for who in (
            "worker", "annotator", "rater", "labeler", "labeller", "coder", "agent", "reader",
            "radiologist", "pathologist", "physician", "clinician", "doctor", "nurse", "reviewer",
            "transcriber", "transcriptionist", "vendor", "assessor", "evaluator", "moderator",
            "tagger", "grader", "scorer", "observer", "respondent", "contributor", "crowdworker",
            "turker", "analyst", "operator", "linguist",
        )
        for ending in _PEOPLE
    ),
    "annotated_by", "labeled_by", "labelled_by", "tagged_by", "coded_by", "rated_by", "read_by",
    "graded_by", "reviewed_by", "transcribed_by", "answered_by", "completed_by", "handled_by",
    "assigned_to", "assignee", "created_by", "done_by", "amt_worker_id", "amt_worker_ids",
    "user", "user_id", "username", "user_name", "participant", "participant_id", "subject_id",
    "judge", "judge_id", "judge_name", "person", "person_id",
    "prolific_pid", "prolific_id", "sona_id", "participant_number", "participant_nr", "subject_nr",
    "subject_number", "subj_id", "ppt_id", "panelist_id",
    languages.WORKER,
)  # fmt: skip
#: The answer.
LABEL = (
    "label", "class", "answer", "annotation", "category", "labels", "response", "judgment",
    "judgement", "selected_label", "selected_class", "label_name", "class_name", "label_value",
    "class_label",
    *languages.LABEL,
)  # fmt: skip
#: Numbers that are steps of a scale.
SCALE = (
    "rating",
    "score",
    "stars",
    "likert",
    "grade",
    "valence",
    "arousal",
    "dominance",
    "concreteness",
    "imageability",
    "familiarity",
    "pleasantness",
    "attractiveness",
    "trustworthiness",
    "likability",
    "acceptability",
    "mos",
    "naturalness",
    "intelligibility",
    "plausibility",
    "fluency",
    "adequacy",
    *languages.SCALE,
)
#: The words of them with which longer names end: `rating_score`.
STEPS = frozenset({"rating", "score", "stars", "likert", "grade"})
#: Orders of names, the first the nearest.
RANKED = (
    "ranking", "rankings", "ranked", "rank_order", "rank_ordering", "ranked_list", "ranked_labels",
    "ranked_classes", "ordering", "ordered", "preference_order", "preference_ranking",
    "order_of_preference", "ranked_items", "ranked_options", "sorted", "rank", "ranks",
    *languages.RANKED,
)  # fmt: skip
#: The answer where a table has an item, a person and exactly one such column.
PERHAPS_LABEL = (
    "diagnosis", "finding", "findings", "verdict", "decision", "choice", "selection", "vote",
    "said", "classification", "assessment", "opinion", "intent", "sentiment", "topic", "emotion",
    "stance", "tag", "tags", "coding", "code", "severity", "priority", "relevance", "toxicity",
    "polarity", "disposition", "queue", "outcome", "result", "value", "reading", "birads",
    "target", "y",
    *languages.PERHAPS,
    "language", "genre", "species", "type", "quality", "difficulty", "is_correct", "response_label",
)  # fmt: skip
#: Those of them that give way to any other.
WEAK = frozenset({"target", "y", "type", "value", "code", "result", "language", "genre", "note",
                  "nota", "voto"})  # fmt: skip
#: What part a long table by question.
QUESTION = ("question", "attribute", "aspect", "criterion", "dimension", "question_name")
#: What was paid for an answer.
PRICE = _first(
    "price", "reward", "cost", "payment", "pay", "paid", "amount_paid", "compensation",
    (
        f"{what}{of}"
        for what in ("price", "cost", "payment", "pay")
        for of in ("_per_answer", "_per_label", "_per_item", "_per_call", "_per_task")
    ),
    "api_cost", "llm_cost", "call_cost", "judge_cost", "total_cost", languages.PRICE,
)  # fmt: skip
#: How names of prices say the money; those of cents hold hundredths.
CURRENCIES = ("usd", "eur", "gbp", "chf", "dollars", "euros", "us")
CENTS = ("cents", "cent", "ct", "pence")
#: Columns of what people are shown.
TEXTS = frozenset({"text", "body", "sentence", "sentence1", "sentence2", "content", "title", "post",
                   "comment", "tweet", "question", "prompt", "premise", "hypothesis",
                   *map(plain, languages.TEXT)})  # fmt: skip
#: Columns of the right class, and of what several people's answers came to.
TRUTH = frozenset({"gold", "truth", "goldlabel", "truelabel", "groundtruth", "goldstandard", "true",
                   "correct", "correctlabel", "expertlabel", "ytrue", "actual"})  # fmt: skip
TOGETHER = frozenset({"majority", "majorityvote", "majoritylabel", "consensus", "adjudicated",
                      "aggregated", "mv", "finallabel", "final", "resolved"})  # fmt: skip
#: What else the right class is called where each person has a column.
REFERENCE = frozenset({"biopsy", "histology", "histopathology", "pathology", "autopsy", "followup",
                       "reference", "referencestandard", "finaldiagnosis", "referee"})  # fmt: skip
#: Those of them that are gold in a table of answers, where "correct" may say if an answer is right.
GOLD = _first(
    "gold", "gold_label", "true_label", "ground_truth", "gold_standard", "truth", "expert_label",
    (
        f"{right}_{what}"
        for right in ("gold", "golden", "correct", "true", "right", "expected", "reference",
                      "ground_truth", "actual", "known", "expert", "intended")
        for what in ("answer", "label", "class", "category", "response")
    ),
    "answer_key", "expected", "golden", "golden_set", "gt", "gt_label", "y_true",
    "corr_ans", "correct_ans", "corr_answer", languages.GOLD,
)  # fmt: skip
#: How many people gave an answer, in a table without a column of people.
COUNT = ("count", "counts", "votes", "n_votes", "num_votes", "vote_count", "n", "freq", "frequency",
         "weight")  # fmt: skip
#: What names the item in a table of people's answers that names it in no surer way, and what ids
#: are of that name none.
_LAST_ITEM = ("question", "query", "prompt", "unit", "nr", "no", "lfd_nr", "item_nr")
_OTHER_IDS = word_set(
    "session assignment hit batch annotation answer response judgment judgement label class "
    "category run trial block campaign project account experiment survey study row order job "
    "worker annotator user rater coder participant person subject author channel parent link "
    "submission completion approval amt group version"
)
#: Columns that end like a label and hold something else.
_GOLD = frozenset(map(plain, GOLD))
_WHEN = frozenset({"datum", "fecha", "zeitstempel", "horodatage", "zeitpunkt", "tijdstip",
                   *languages.TIME, *languages.SECONDS})  # fmt: skip
_NO_LABELS = re.compile(r"^(gold|true|truth|expert|soft|predicted|pred|model|old|previous)")


def bare(name: str) -> str:
    """`plain` without what stands in brackets at the end, which explains a name: `Stars (1-5)`."""
    return plain(re.sub(r"\s*[(\[].*[)\]]\s*$", "", name))


def found(columns: Iterable[str], names: Sequence[str]) -> str | None:
    """The column that goes by the first of `names` that one goes by, or None."""
    by_name: dict[str, str] = {}
    exact: dict[str, str] = {}
    columns = list(columns)
    for column in columns:
        by_name.setdefault(plain(column), column)
        exact.setdefault(column.lower(), column)
    for column in columns:
        by_name.setdefault(bare(column), column)
    for name in names:
        if name.lower() in exact:
            return exact[name.lower()]
        if plain(name) and plain(name) in by_name:
            return by_name[plain(name)]
    return None


def item_column(columns: Sequence[str], worker: str | None) -> str | None:
    """The column that names the item: by a usual name; beside people, the only id of no other thing
    (`essay_id`), or `question` and the like."""
    sure = found(columns, ITEM)
    if sure is not None or worker is None:
        return sure
    rest = [name for name in columns if name != worker]
    ids = [name for name in rest if _is_id(words_in(name))]
    return ids[0] if len(ids) == 1 else found(rest, _LAST_ITEM)


def _is_id(words: Sequence[str]) -> bool:
    ends = len(words) > 1 and words[-1] in ("id", "uid", "nr", "uuid")
    return ends and not set(words[:-1]) & _OTHER_IDS


@dataclass(frozen=True)
class LabelColumn:
    """The column of answers, and those that could be it where none is sure."""

    name: str | None
    perhaps: tuple[str, ...] = ()


def label_column(columns: Sequence[str], item: str | None, worker: str | None) -> LabelColumn:
    """The column of answers by its name: a sure one, else the only one that may be.

    Names of trades (`Diagnosis`, `Intent`) are taken beside an item; one of any other name where
    it is the only column beside an item and a person that is not known to hold something else.
    """
    rest = [name for name in columns if name not in (item, worker)]
    sure = found(rest, (*LABEL, *SCALE, *RANKED))
    if sure is not None:
        return LabelColumn(sure)
    known = {plain(name) for name in PERHAPS_LABEL}
    ends = [n for n in rest if plain(n).endswith("label") and not _says_right(n)]
    ends = ends or [n for n in rest if words_in(n)[-1:] and words_in(n)[-1] in STEPS
                    and not _says_right(n) and not is_something_else(n)]  # fmt: skip
    perhaps = tuple(ends or [name for name in rest if {plain(name), bare(name)} & known])
    strong = tuple(name for name in perhaps if bare(name) not in WEAK)
    perhaps = strong or perhaps
    if "x" in map(plain, columns):
        perhaps = tuple(name for name in perhaps if plain(name) != "y")  # a place
    left = [name for name in rest if not is_something_else(name)]
    if not perhaps and worker is not None and len(left) == 1:
        perhaps = (left[0],)
    only = perhaps[0] if len(perhaps) == 1 and item is not None else None
    return LabelColumn(only, perhaps)


def _says_right(name: str) -> bool:
    """Does a column hold right classes, or those of a model or of an earlier time?"""
    said = plain(name)
    return _NO_LABELS.match(said) is not None or said in _GOLD


def is_something_else(name: str) -> bool:
    """Is a column known to hold no answers: row numbers, texts, times, prices, gold, counts?"""
    known = (*PRICE, *QUESTION, *GOLD, *COUNT, *ITEM, *WORKER)
    said = plain(name)
    return (
        not said
        or said in TEXTS | TRUTH | TOGETHER | {"index", "row", "unnamed0", "notes", "comments"}
        or said.removesuffix("label") in TRUTH | TOGETHER
        or said in map(plain, known)
        or _says_right(name)
        or said in _WHEN
        or said.endswith(("at", "date", "time", "timestamp", "seconds", "secs", "ms", "id", "kind"))
        or bool(price_column([name])[0])
    )


def price_column(columns: Iterable[str]) -> tuple[str | None, float]:
    """(the column of what was paid for an answer, what one of its units is in the currency)."""
    own = list(columns)
    name = found(own, PRICE)
    if name is not None:
        return name, 1.0
    known = [plain(name) for name in PRICE]
    for column in own:
        said = plain(column)
        for units, worth in ((CENTS, 0.01), (CURRENCIES, 1.0)):
            if any(said in (what + unit, unit + what) for what in known for unit in units):
                return column, worth
    return None, 1.0
