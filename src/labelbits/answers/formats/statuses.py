"""Rows that whoever paid for them refused, as a column of a table says it: they are left out.

Crowd markets write `Status` or `Approved` beside each answer. A column counts where its heading
says so, every cell is a known word for kept or refused answers, and some are refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.yes_or_no import ticked

#: What such a column is called, without accents and marks, or how its name ends.
_NAMES = re.compile(
    r"^(assignment|answer|submission|response|approval|review|work|worker|hit|task|qc|quality|"
    r"annotation|judge?ment|payment|label)?"
    r"(status|state|approvalstatus|reviewstatus|approval|acceptance|reviewresult|check|outcome)$"
    r"|^(etat|statut|estado|stato|zustand|freigabe|prufung|prufstatus|abnahme|estatus|aprovacao)$"
)
_YES_OR_NO = re.compile(
    r"^(is)?(answer|assignment|submission|response|work)?"
    r"(accepted|approved|valid|rejected|refused|invalid|spam|excluded|discarded|"
    r"angenommen|akzeptiert|freigegeben|gultig|abgelehnt|ungultig|accepte|approuve|valide|refuse|"
    r"rejete|aceptado|aprobado|valido|rechazado|accettato|approvato|rifiutato|goedgekeurd|"
    r"afgewezen|geldig|aceito|aprovado|rejeitado)$"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEPT = _words(
    "accepted accept approved approve submitted submit completed complete paid pending ok "
    "okay valid passed pass done finished kept keep included include awaitingreview inreview "
    "reviewed good open active yes unreviewed autoapproved approvedmanually waiting new "
    "credited angenommen akzeptiert freigegeben gultig bezahlt eingereicht fertig "
    "abgeschlossen offen bestanden erledigt genehmigt accepte acceptee approuve approuvee "
    "valide validee paye soumis termine aceptado aceptada aprobado aprobada valido valida "
    "pagado enviado completado pendiente accettato accettata approvato approvata pagato "
    "inviato completato inattesa goedgekeurd geaccepteerd geldig betaald ingediend voltooid "
    "aceito aceita aprovado aprovada pago concluido pendente"
)
_REFUSED = _words(
    "rejected reject refused refuse declined invalid returned timedout timeout expired "
    "abandoned notapproved notaccepted disapproved failed fail spam discarded discard "
    "excluded exclude cancelled canceled revoked nocode withdrawn unapproved removed deleted "
    "abgelehnt verworfen ungultig zuruckgewiesen ausgeschlossen durchgefallen zuruckgegeben "
    "refusee rejete rejetee invalide exclu rechazado rechazada denegado invalido descartado "
    "rifiutato rifiutata respinto respinta scartato afgewezen geweigerd afgekeurd ongeldig "
    "rejeitado rejeitada recusado recusada"
)
#: Column names that say yes of what is refused.
_SAYS_REFUSED = re.compile(
    r"(reject|refus|invalid|spam|exclu|discard|abgelehnt|ungultig|rejete|rechazado|rifiutato|"
    r"afgewezen|rejeitado)"
)


def without_refused(
    where: str,
    table: pl.DataFrame,
    used: Collection[str | None],
    item: str | None,
    worker: str | None,
    rejects: Rejects,
    notes: list[str],
    classes: Collection[str] = (),
) -> tuple[pl.DataFrame, str | None]:
    """(the rows that were not refused, the column that says it or None).

    A column that says yes and no in the words of `classes`, those of the label, is another label.
    `used` are columns read as something else. Where every item's answers share one status, or each
    item has one and nobody is named, the status is the item's, and nothing is left out.
    """
    for name in table.columns:
        if name in used or name == "row" or table[name].dtype.is_nested():
            continue
        refused = _refused(name, cells.names(table[name]))
        if refused is None or _is_another_label(cells.said_in(table[name]), classes):
            continue
        if item is not None and _is_of_items(table, item, worker, refused):
            continue
        lost = table.filter(refused)
        for row, found in lost.select("row", pl.col(name).cast(pl.String)).iter_rows():
            rejects.add(row, "answer was rejected by whoever asked", f"{name} {found}")
        notes.append(
            f"{where}: {len(lost):,} of {len(table):,} rows are left out, as column {name!r} "
            f"says {cells.shown(map(repr, cells.names(lost[name]).unique().sort()))} (without "
            "that column they count)"
        )
        return table.filter(~refused), name
    return table, None


def _is_another_label(said: Collection[str], classes: Collection[str]) -> bool:
    return set(said) <= set(classes) and None not in map(ticked, said)


def _refused(name: str, said: pl.Series) -> pl.Series | None:
    """Of each cell: does it say that the answer was refused? None where the column says something
    else."""
    plain = usual.plain(name)
    words = {one: usual.plain(one) for one in said.drop_nulls().unique()}
    ticks = {one: ticked(one) for one in words}
    asked = bool(_YES_OR_NO.match(plain)) and None not in ticks.values()
    if asked:
        bad = _SAYS_REFUSED.search(plain) is not None
        own = [one for one in words if ticks[one] is bad and not cells.is_missing(one)]
    elif (_NAMES.match(plain) or _YES_OR_NO.match(plain)) and (
        set(words.values()) <= _KEPT | _REFUSED
    ):
        own = [one for one, word in words.items() if word in _REFUSED]
    else:
        return None
    refused = said.is_in(own).fill_null(False)
    # An empty box is one that nobody ticked; an empty status says nothing.
    whole = refused.all() if asked else len(own) == len(words)
    return None if not own or whole else refused


def _is_of_items(table: pl.DataFrame, item: str, worker: str | None, refused: pl.Series) -> bool:
    """Do items have several answers, and all those of each the same status? Is there one of each
    by nobody?"""
    counted = (
        pl.DataFrame({"i": table[item], "r": refused})
        .group_by("i")
        .agg(pl.len().alias("n"), pl.col("r").n_unique().alias("kinds"))
    )
    several = counted.filter(pl.col("n") > 1)
    if not len(several):
        return worker is None
    return not bool((several["kinds"] > 1).any())
