import type { Language } from "../language.js";

export const de: Language = {
  code: "de",
  direction: "ltr",
  spaced: true,
  topics: [
    {
      tags: ["backen", "sauerteig", "brot"],
      titles: ["Brot Nummer {n}", "Der Sauerteig lebt noch", "Roggen braucht Geduld"],
      sentences: [
        "Der Ansatz ist heute früh in {n} Stunden aufgegangen, so schnell wie seit dem Umzug nicht mehr.",
        "Über Nacht stand der Teig in der kühlen Speisekammer, zugedeckt mit einem feuchten Geschirrtuch.",
        "Beim Herausholen hat die Kruste geknistert, und ausnahmsweise hat niemand das heiße Brot angeschnitten.",
        "Mehr Wasser macht die Krume lockerer, aber das Formen wird dabei zur Übung in Gelassenheit.",
        "Die Nachbarin gibt einen Löffel geröstetes Malz dazu, und ich muss zugeben, dass sie recht hat.",
        "Läuft der Laib auseinander, dann war die Gare meistens zu lang und nicht zu kurz.",
      ],
    },
    {
      tags: ["server", "selbstbau", "linux"],
      titles: [
        "Der kleine Rechner im Flur",
        "Sicherungen, die sich zurückspielen lassen",
        "Seit {n} Tagen ohne Neustart",
      ],
      sentences: [
        "Der Rechner im Flur braucht {n} Watt und bedient die ganze Familie, einschließlich der Wetterstation.",
        "Ich habe die Sicherung auf eine leere Platte zurückgespielt, und zwei meiner Skripte hatten gelogen.",
        "Der Umzug der Post war leicht; schwer war, allen zu erklären, warum sie ein neues Kennwort brauchen.",
        "Der Chatserver läuft seit dem Winter und verlangt nichts als ab und zu ein frisches Zertifikat.",
        "In der Nacht fiel der billige Verteiler aus und nahm den Drucker mit, was drei Tage lang niemandem auffiel.",
        "Die Anleitung für den Notfall hängt jetzt auf Papier im Sicherungskasten, in Großbuchstaben.",
      ],
    },
    {
      tags: ["garten", "balkon", "ernte"],
      titles: ["Der Balkon im Juni", "Zu viele Zucchini, wie jedes Jahr", "{n} Gläser Marmelade"],
      sentences: [
        "Die alten Tomatensorten sind endlich rot geworden, {n} Tage nach denen vom Haus gegenüber.",
        "Schnecken lassen sich von Kaffeesatz nicht beeindrucken, ganz gleich, was in den Büchern steht.",
        "Unter dem Stroh bleibt die Erde feucht, und die Amseln haben etwas zu tun.",
        "Vom letzten Jahr sind noch Samen da, sorgfältig beschriftet in einer Schrift, die keiner lesen kann.",
        "Abends mit der Gießkanne auf dem Balkon sind die Briefe im Postfach sehr weit weg.",
        "Der Kompost dampft an kalten Morgen, und das ist vielleicht die beste Nachricht des Monats.",
      ],
    },
  ],
  general: [
    "Ich schreibe wieder, sobald ich weiß, ob es hält.",
    "Das Ganze hat weniger gekostet als ein Abend im Kino und uns {n} Tage lang beschäftigt.",
    "Wer dasselbe versucht hat, möge bitte berichten, was schiefging, denn irgendetwas geht immer schief.",
    "Meine Großmutter konnte das ohne Anleitung, und langsam verstehe ich, wie.",
    "Es ist eine Kleinigkeit, aber aus Kleinigkeiten besteht eine Woche.",
    "Größe und Übermut liegen hier, wie so oft, nah beieinander.",
  ],
  readMore: "Zur längeren Fassung",
};
