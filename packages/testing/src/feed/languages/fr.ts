import type { Language } from "../language.js";

export const fr: Language = {
  code: "fr",
  direction: "ltr",
  spaced: true,
  topics: [
    {
      tags: ["pain", "levain", "cuisine"],
      titles: ["Le pain de la semaine n° {n}", "Un levain qui se réveille", "Éloge de la croûte bien cuite"],
      sentences: [
        "Le levain a doublé en {n} heures ce matin, ce qui n'était pas arrivé depuis le déménagement.",
        "J'ai laissé reposer la pâte toute la nuit dans le cellier, à l'abri des courants d'air et des enfants.",
        "La croûte a chanté à la sortie du four, et pour une fois personne n'y a touché avant l'heure.",
        "Une pâte plus humide donne une mie légère, mais il faut apprendre à la façonner sans s'énerver.",
        "La boulangère du quartier m'a conseillé un peu de seigle, et j'avoue que le goût y gagne beaucoup.",
        "À force de peser, de noter et de recommencer, on finit par comprendre ce que la farine veut nous dire.",
      ],
    },
    {
      tags: ["vélo", "ville", "trajet"],
      titles: ["À vélo sous la pluie", "Bientôt {n} mois sans voiture", "La côte du matin"],
      sentences: [
        "La piste le long du canal est fermée, si bien que le trajet compte {n} kilomètres de plus jusqu'au printemps.",
        "J'ai changé la chaîne et les plaquettes, et le vélo ne grince plus qu'en cas de mauvaise humeur.",
        "Un inconnu m'a prêté une pompe près du pont, et nous avons parlé de nos genoux pendant un quart d'heure.",
        "Les garde-boue ne sont pas élégants, mais arriver au bureau le dos sec n'a pas de prix.",
        "Le vent souffle toujours de face, à l'aller comme au retour : c'est une loi de la nature.",
        "Deux sacoches suffisent aux courses de la semaine, à condition de garder les œufs sur soi.",
      ],
    },
    {
      tags: ["jardin", "potager", "saison"],
      titles: ["Premières tomates", "Le potager en juillet", "Récolte : {n} kilos de courgettes"],
      sentences: [
        "Les tomates anciennes ont enfin rougi, avec {n} jours de retard sur celles de mes voisins.",
        "Les limaces préfèrent les jeunes salades, et rien de ce qu'on lit sur le marc de café ne les impressionne.",
        "J'ai paillé les fraisiers avec la tonte, ce qui garde la fraîcheur et occupe les merles.",
        "Il reste des graines de l'an dernier, soigneusement étiquetées d'une écriture que je ne sais plus lire.",
        "Le soir, l'arrosoir à la main, on oublie sans peine les courriels qui attendent.",
        "Le compost fume les matins froids, et c'est peut-être la meilleure nouvelle de la saison.",
      ],
    },
  ],
  general: [
    "Je vous raconterai la suite dès qu'il y en aura une.",
    "Tout cela a coûté moins cher qu'une soirée au cinéma et nous a occupés {n} jours.",
    "Si vous avez essayé la même chose, dites-moi ce qui a raté, car il y a toujours quelque chose qui rate.",
    "Ma grand-mère faisait cela sans recette, à l'œil, et je commence seulement à comprendre comment.",
    "C'est peu de chose, mais une semaine est faite de peu de choses.",
    "On m'a demandé des photos : les voici, prises dans une lumière assez triste.",
  ],
  readMore: "Lire la suite",
};
