"""What apps call columns and statuses, small and without accents or what stands between the words.

English, German, French, Spanish, Portuguese, Italian, Dutch. `known_status` has the commonest status words.
"""

# Parts of the names of the columns that Dailies knows.
COLUMN_NAMES = {
    "id": "id uuid",
    "status": "status state phase stage zustand estado etat statut stato situacao fase toestand",
    "created_at": (
        "created create inserted added requested submitted queued erstellt angelegt cree creation "
        "creado criado creato aangemaakt"
    ),
    "updated_at": (
        "updated update modified changed touched aktualisiert geandert geaendert modifie maj actualizado "
        "modificado atualizado aggiornato modificato bijgewerkt gewijzigd"
    ),
    "runway_video_id": (
        "runway task job generation prediction provider external remote operation render auftrag "
        "aufgabe tache tarea trabajo tarefa attivita taak opdracht"
    ),
    "error_message": (
        "error err failure failed fail reason message problem fehler grund erreur echec raison motif "
        "fallo motivo erro falha errore guasto fout reden mislukt"
    ),
    "prompt": (
        "prompt description instruction instructions text caption script beschreibung anweisung "
        "consigne descripcion texto instruccion descricao descrizione testo istruzione beschrijving "
        "tekst"
    ),
    "input_image_url": (
        "image picture photo img input source start frame still reference bild foto vorlage quelle "
        "imagen origen imagem origem entrada immagine ingresso sorgente afbeelding bron"
    ),
    "video_url": (
        "video result output clip film movie url asset final ergebnis ausgabe resultat sortie "
        "resultado salida saida risultato uscita uitvoer"
    ),
    "user_id": (
        "user owner author account customer profile member creator creatorid nutzer benutzer besitzer "
        "kunde utilisateur proprietaire client usuario dueno cliente utente proprietario gebruiker "
        "eigenaar"
    ),
    "model": "model modell modele modelo modello",
    "ratio": "ratio aspect size format seitenverhaltnis formato",
    "duration": (
        "duration seconds secs length dauer sekunden duree secondes duracion segundos duracao durata "
        "secondi duur"
    ),
}
# Parts that say that a column is something else after all.
OTHER_NAMES = {
    "created_at": "by",
    "updated_at": "by",
    "runway_video_id": (
        "user owner org organization team session request image picture parent batch template user_id "
        "project status url type name created updated started finished"
    ),
    "error_message": "code count status at type id url",
    "prompt": "negative id url at title error",
    "input_image_url": "thumb poster preview vorschau apercu anteprima avatar cover result output id at type",
    "video_url": (
        "image picture photo thumb thumbnail poster preview input source webhook callback avatar id "
        "at bild imagen imagem immagine"
    ),
    "user_id": "agent name email",
    "model": "version",
    "duration": "render processing took ms",
}
DELETED_NAMES = (
    "deleted removed trashed discarded geloscht geloescht supprime eliminado borrado excluido apagado "
    "cancellato verwijderd"
)
PROVIDER_NAMES = (
    "provider engine vendor backend service platform api anbieter dienst fournisseur moteur "
    "proveedor motor servicio fornecedor provedor fornitore servizio leverancier"
)

STATUS_WORDS = {
    "queued": (
        "new created requested received accepted init initialized todo wartend wartet ausstehend "
        "geplant eingereiht neu angefragt enattente attente demande nouveau pendiente encola espera "
        "esperando solicitado pendente nafila aguardando inattesa attesa incoda richiesto wachtend "
        "wacht gepland"
    ),
    "processing": (
        "working busy active executing uploading polling inflight dispatched sent building making "
        "rendern rendert inarbeit inbearbeitung lauft laeuft laufend arbeitet erzeugt encours rendu "
        "traitement generation enproceso procesando generando encurso ejecutando processando "
        "emandamento gerando incorso elaborazione inlavorazione bezig inbehandeling"
    ),
    "succeeded": (
        "posted published delivered rendered available live ok fulfilled fertig erledigt "
        "abgeschlossen erfolgreich bereit geliefert termine reussi pret livre fini completado "
        "completada listo lista terminado hecho exito entregado concluido concluida pronto pronta "
        "feito sucesso completato finito riuscito consegnato klaar voltooid gereed afgerond"
    ),
    "failed": (
        "broken dead crashed expired blocked refused denied fehlgeschlagen fehler gescheitert "
        "fehlerhaft abgelehnt echoue echec erreur rejete fallido fallida fallo rechazado falhou falha "
        "erro rejeitado fallito errore rifiutato mislukt fout"
    ),
    "cancelled": (
        "stopped withdrawn revoked abgebrochen storniert annule annulee cancelado cancelada annullato "
        "geannuleerd"
    ),
}
# Statuses of what nobody has asked for.
DRAFT_WORDS = "draft drafted entwurf brouillon borrador rascunho bozza concept archived"
