"""Usual names of columns in German, French, Spanish, Italian, Dutch and Portuguese.

What `usual` and `times` hold in English. Names are compared without accents, capitals and marks.
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.split()))


def _ended(words: str, endings: str) -> tuple[str, ...]:
    return tuple(f"{one}_{end}" if end != "." else one
                 for one in _words(words) for end in endings.split())  # fmt: skip


#: Ids of things that are labelled.
ID = (
    *_ended(
        "vorgang vorgangs ticket fall bild proben probe text satz dokument dokumenten beitrag "
        "beitrags nachricht nachrichten aufgabe aufgaben item element objekt anfrage akten datei "
        "datensatz stimulus kommentar artikel",
        "nr nummer id kennung",
    ),
    *_ended("id code numéro no num n", "échantillon image phrase document élément dossier tâche "
            "texte message commentaire article fichier"),
    *_ended("échantillon phrase élément dossier tâche texte commentaire fichier", "id no numéro"),
    *_ended("id código número num", "imagen archivo muestra elemento documento tarea texto frase "
            "mensaje comentario caso artículo imagem arquivo amostra tarefa mensagem comentário"),
    *_ended("imagen archivo muestra elemento documento tarea texto frase mensaje comentario caso "
            "imagem arquivo amostra tarefa mensagem comentário", "id no número"),
    *_ended("id codice numero", "immagine campione elemento documento compito testo "
            "frase messaggio commento caso articolo"),
    *_ended("immagine campione compito testo messaggio commento", "id no numero"),
    *_ended("afbeelding monster bestand taak tekst zin bericht opmerking dossier",
            "id nr nummer"),
    "aktenzeichen",
)  # fmt: skip
#: Things that are labelled: they name the item where nothing else does.
ITEM = _words(
    "vorgang fall bild probe objekt datei aufgabe dokument element stimulus satz beitrag nachricht "
    "échantillon fichier élément dossier tâche phrase texte "
    "imagen archivo muestra elemento documento tarea frase texto "
    "immagine campione compito testo "
    "afbeelding monster bestand taak zin tekst "
    "imagem arquivo amostra tarefa"
)
#: Who answered.
WORKER = (
    *_ended(
        "bearbeiter bearbeiterin annotierer annotiererin kodierer kodiererin codierer codiererin "
        "codierende kodierende beurteiler beurteilerin beurteilende gutachter gutachterin bewerter "
        "bewerterin bewertende befunder befunderin teilnehmer teilnehmerin teilnehmende proband "
        "probandin probanden versuchsperson versuchspersonen vp vpn prüfer prüferin mitarbeiter "
        "mitarbeiterin sachbearbeiter sachbearbeiterin nutzer nutzerin benutzer leser leserin arzt "
        "ärztin radiologe radiologin pathologe pathologin verkoster verkosterin jurymitglied juror "
        "jurorin etikettierer "
        "annotateur annotatrice évaluateur évaluatrice codeur codeuse dégustateur dégustatrice "
        "participante relecteur relectrice opérateur opératrice médecin juge juré lecteur lectrice "
        "utilisateur utilisatrice répondant "
        "anotador anotadora evaluador evaluadora codificador codificadora revisor revisora "
        "etiquetador etiquetadora usuario usuaria operador operadora médico médica lector lectora "
        "juez jueza catador encuestado "
        "annotatore annotatrice valutatore valutatrice codificatore codificatrice partecipante "
        "revisore operatore operatrice utente lettore giudice assaggiatore intervistato "
        "beoordelaar codeur deelnemer gebruiker medewerker lezer jurylid behandelaar proefpersoon "
        "avaliador avaliadora utilizador usuário leitor juiz provador",
        ". id nr nummer name nom no code código kürzel",
    ),
    *_words(
        "bearbeitet_von annotiert_von bewertet_von kodiert_von codiert_von beurteilt_von "
        "befundet_von annoté_par évalué_par noté_par traité_par codé_par anotado_por "
        "etiquetado_por evaluado_por codificado_por annotato_da valutato_da etichettato_da "
        "beoordeeld_door geannoteerd_door gelabeld_door avaliado_por rotulado_por "
        "id_annotateur id_participant id_anotador id_participante id_annotatore id_partecipante"
    ),
)
#: Columns of people whose names may mean something else: told apart by their cells.
PERSONS = _words(
    "jury person wer von kürzel experte expertin student studentin lehrer lehrerin schüler "
    "personne sujet qui agent persona sujeto quién agente soggetto chi persoon wie pessoa sujeito "
    "quem experto experta esperto deskundige perito spécialiste"
)
#: The answer.
LABEL = _words(
    "kategorie klasse antwort etikett einstufung zuordnung einordnung kodierung codierung "
    "klassifikation klassifizierung "
    "étiquette catégorie réponse classe libellé jugement "
    "etiqueta categoría respuesta clase anotación "
    "etichetta categoria risposta annotazione "
    "categorie antwoord annotatie oordeel "
    "rótulo resposta anotação"
)
#: Steps of a scale.
SCALE = _words(
    "bewertung wertung punktzahl punkte sterne étoiles puntuación calificación valoración "
    "estrellas punteggio valutazione stelle beoordeling sterren pontuação avaliação estrelas"
)
#: The answer beside an item and a person, where it is the only one that may be.
PERHAPS = _words(
    "diagnose befund urteil entscheidung auswahl wahl stimmung meinung thema einschätzung note "
    "choix décision avis sentiment thème diagnostic classement "
    "elección decisión diagnóstico tema opinión clasificación sentimiento nota "
    "scelta decisione diagnosi giudizio classificazione sentimento voto "
    "keuze beslissing sentiment onderwerp cijfer classificatie "
    "escolha decisão julgamento classificação"
)
#: Orders of names.
RANKED = _words(
    "reihenfolge rangfolge rangliste rangordnung sortierung rang platzierung ordre "
    "ordre_de_préférence orden orden_de_preferencia graduatoria classifica ordine "
    "ordine_di_preferenza rangschikking volgorde rangorde ordem ordem_de_preferência"
)
#: The right class.
GOLD = _words(
    "goldantwort goldlabel richtige_antwort korrekte_antwort richtige_klasse musterlösung "
    "sollantwort soll_klasse erwartete_antwort "
    "bonne_réponse réponse_correcte réponse_attendue vraie_classe vérité_terrain "
    "respuesta_correcta respuesta_esperada clase_correcta etiqueta_correcta "
    "risposta_corretta risposta_esatta risposta_attesa classe_corretta "
    "juiste_antwoord correct_antwoord verwacht_antwoord juiste_klasse "
    "resposta_correta resposta_certa resposta_esperada gabarito"
)
#: What is shown.
TEXT = _words(
    "nachricht satz beitrag kommentar inhalt titel frage aussage "
    "texte phrase commentaire contenu titre énoncé "
    "texto frase mensaje comentario contenido título pregunta enunciado "
    "testo messaggio commento contenuto titolo domanda "
    "tekst zin bericht opmerking inhoud vraag "
    "mensagem comentário conteúdo pergunta"
)
#: What was paid.
PRICE = _words(
    "preis kosten vergütung lohn honorar prix coût rémunération precio coste costo pago "
    "prezzo compenso prijs vergoeding preço custo pagamento"
)
#: Times of an answer, those that say seconds apart.
SECONDS = _words("sekunden secondes segundos secondi seconden")
TIME = _words(
    "dauer zeit bearbeitungszeit bearbeitungsdauer reaktionszeit antwortzeit lesezeit zeitaufwand "
    "antwortdauer beurteilungsdauer dauersekunden zeitsekunden zeitinsekunden dauerinsekunden "
    "duree temps tempsdereponse tempsdereaction tempsreponse dureedereponse tempspasse "
    "dureesecondes tempsensecondes dureeensecondes "
    "duracion tiempo tiempoderespuesta tiemporespuesta tiempodereaccion duracionsegundos "
    "tiempoensegundos "
    "durata tempo tempodirisposta temporisposta tempodireazione duratasecondi tempoinsecondi "
    "duur tijd reactietijd antwoordtijd tijdsduur bestedetijd duurseconden tijdinseconden "
    "duracao tempoderesposta temporesposta tempoderacao tempoemsegundos duracaosegundos"
)
#: Parts of such names, and units after them.
OF_TIME = ("dauer", "zeit", "duree", "temps", "tiempo", "duracion", "durata", "tempo", "duur",
           "tijd", "duracao", "sekund", "segund", "second")  # fmt: skip
IN_SECONDS = "sek|sekunden|secondes|segundos|seg|secondi|seconden"
IN_MINUTES = "minuten|minutos|minuti"
