"""Words for who answered, a person or a language model, as cells of tables say them.

English, German, French, Spanish, Italian, Dutch and Portuguese: `human`, `LLM judge`,
`gpt-4 (judge)`, `Mensch`, `IA`.
"""

from __future__ import annotations

import re
import unicodedata


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words of which one makes a cell a model's, whatever stands beside it.
_MODELS = _words(
    "model models llm llms lm slm ai aibased machine machines bot bots chatbot auto automatic "
    "automated automatically autorater robot algorithm algorithmic classifier synthetic "
    "artificial gpt chatgpt claude gemini openai anthropic mistral mixtral llama gemma qwen "
    "deepseek vlm lmm ki modell modelle sprachmodell sprachmodelle maschine maschinell "
    "automatisch kunstlich ia modele automatique algorithme modelo modelos maquina automatico "
    "automatica artificiale artificielle modello modelli macchina taalmodel kunstmatig"
)
_PEOPLE = _words(
    "person persons people human humans crowd crowdworker crowdworkers worker workers expert "
    "experts annotator annotators author authors user users student students manual manually "
    "volunteer volunteers turker participant participants specialist doctor nurse linguist "
    "staff employee layperson lay turk mturk prolific mensch menschen menschlich personen "
    "experte expertin experten manuell nutzer humain humaine humains humaines personne "
    "personnes manuel humano humana humanos humanas persona personas experto experta umano "
    "umana umani umane persone esperto esperta manuale mens mensen menselijk persoon "
    "handmatig deskundige pessoa pessoas especialista perito"
)
#: Those of them that stand beside names of models too: an AI annotator.
_ROLES = frozenset({"annotator", "annotators", "worker", "workers", "user", "expert", "author"})
#: Families of well-known language models, as names of them begin.
FAMILIES = "gpt|chatgpt|claude|gemini|gemma|llama|mistral|mixtral|qwen|deepseek|palm|command-r"
_NAMED = re.compile(rf"(^|[\s(/:_])(({FAMILIES})([-_ ./:]?\d|[-_ ./:)]|$)|o[134](-|$))", re.I)
_DENIED = re.compile(r"\b(non|not|no|nicht|kein|keine|pas|niet)[\s-]+")
#: Words that are known, for messages.
SAYS = (
    "human, person, crowd, expert, or model, LLM judge, AI, bot, gpt-4, also in six other languages"
)


def is_model(said: str) -> bool | None:
    """Does a cell say that a language model answered (True) or a person (False)? None where it
    says neither, or both."""
    low = unicodedata.normalize("NFKD", said.casefold())
    low = "".join(one for one in low if not unicodedata.combining(one))
    denied = _DENIED.search(low) is not None
    words = re.findall(r"[^\W\d_]+", low)
    model = any(one in _MODELS for one in words) or _NAMED.search(low) is not None
    person = any(one in _PEOPLE and not (model and one in _ROLES) for one in words)
    if model == person:
        return None
    return model != denied
