import type { Language } from "../language.js";

export const es: Language = {
  code: "es",
  direction: "ltr",
  spaced: true,
  topics: [
    {
      tags: ["cocina", "pan", "familia"],
      titles: ["El pan del domingo", "¿Por qué no sube la masa?", "Ya van {n} hogazas"],
      sentences: [
        "La masa madre subió en {n} horas esta mañana, algo que no pasaba desde que cambiamos de casa.",
        "Dejé reposar la masa toda la noche en la despensa, tapada con un paño que bordó mi abuela.",
        "La corteza crujió al salir del horno y, por una vez, nadie la tocó antes de tiempo.",
        "Con más agua la miga queda ligera, pero dar forma a la hogaza se vuelve un ejercicio de paciencia.",
        "El panadero de la esquina me recomendó un poco de centeno, y debo reconocer que tiene razón.",
        "A fuerza de pesar, apuntar y repetir, uno acaba entendiendo lo que la harina quiere decir.",
      ],
    },
    {
      tags: ["bicicleta", "ciudad", "viaje"],
      titles: ["Al trabajo en bicicleta", "Lluvia, viento y {n} cuestas", "Una cadena nueva"],
      sentences: [
        "El camino del canal sigue cerrado, así que hasta la primavera el trayecto tiene {n} kilómetros más.",
        "Cambié la cadena y los frenos, y la bicicleta solo se queja cuando está de mal humor.",
        "Un desconocido me prestó una bomba junto al puente y acabamos hablando de nuestras rodillas.",
        "Los guardabarros no son bonitos, pero llegar con la espalda seca no tiene precio.",
        "El viento sopla siempre de cara, a la ida y a la vuelta: es una ley de la naturaleza.",
        "En dos alforjas cabe la compra de la semana, siempre que los huevos viajen contigo.",
      ],
    },
    {
      tags: ["huerto", "jardín", "verano"],
      titles: ["Los primeros tomates", "El huerto en agosto", "{n} kilos de calabacines"],
      sentences: [
        "Los tomates antiguos por fin están rojos, {n} días más tarde que los del vecino.",
        "A los caracoles no les impresiona nada de lo que se lee sobre los posos del café.",
        "Cubrí las fresas con paja, que guarda la humedad y entretiene a los mirlos.",
        "Quedan semillas del año pasado, con etiquetas escritas en una letra que ya no sé leer.",
        "Por la tarde, con la regadera en la mano, se olvidan sin esfuerzo los correos pendientes.",
        "El compost humea en las mañanas frías, y quizá sea la mejor noticia de la temporada.",
      ],
    },
  ],
  general: [
    "Volveré a escribir cuando sepa si dura.",
    "Todo costó menos que una noche en el cine y nos tuvo ocupados {n} días.",
    "Si alguien ha probado lo mismo, que cuente qué salió mal, porque siempre sale mal algo.",
    "Mi abuela lo hacía sin receta, a ojo, y poco a poco empiezo a entender cómo.",
    "Es poca cosa, pero de pocas cosas está hecha una semana.",
    "Mañana lo intentaré otra vez, con más calma y con menos sal.",
  ],
  readMore: "Leer la versión larga",
};
