import type { Language } from "../language.js";

export const en: Language = {
  code: "en",
  direction: "ltr",
  spaced: true,
  topics: [
    {
      tags: ["baking", "sourdough", "bread"],
      titles: [
        "Notes from loaf number {n}",
        "A starter that survived the move",
        "Rye, patience and {n} hours",
      ],
      sentences: [
        "The starter doubled in {n} hours this morning, which is the best it has done since we moved house.",
        "I folded the dough every half hour and left it in the cool pantry overnight instead of the fridge.",
        "The crust sang when it came out of the oven, and for once nobody cut into it before it had cooled.",
        "A wetter dough gives the open crumb everybody photographs, but it is far harder to shape by hand.",
        "Our neighbour swears by adding a spoonful of roasted barley malt, and I have to admit that she is right.",
        "If your loaf spreads out like a pancake, the dough was probably left to rise too long and not too little.",
        "Flour from the mill by the river behaves differently every week, so I keep a small notebook beside the scales.",
      ],
    },
    {
      tags: ["cycling", "commuting", "repair"],
      titles: [
        "To work and back by bicycle, week {n}",
        "A new chain and an old habit",
        "Riding home in the rain",
      ],
      sentences: [
        "The canal path is closed again, so the way to the office is {n} kilometres longer until the spring.",
        "I replaced the chain after the gauge said it was worn, and the whole bike went quiet at once.",
        "Mudguards are not pretty, but arriving with a dry back is worth more than any compliment about the frame.",
        "A stranger stopped to lend me a tyre lever near the bridge, which restored my faith in the early morning.",
        "Headwind both ways again, as though the weather had been waiting for me behind the station.",
        "Two panniers hold a week of groceries if the eggs travel in the helmet, and nobody needs to know.",
        "The lights now charge from the hub, so there is one cable less to forget on the kitchen table.",
      ],
    },
    {
      tags: ["selfhosting", "xmpp", "linux"],
      titles: [
        "The little server under the stairs",
        "Backups that I have really restored",
        "{n} days without a reboot",
      ],
      sentences: [
        "The machine under the stairs draws {n} watts and serves the whole family, including the cat camera.",
        "I tested the backups by restoring them to an empty disk, and two of the scripts turned out to be lying.",
        "Moving the mail was easy compared with explaining to everyone why their password had to change.",
        "The chat server has been running since last winter and asks for nothing but a certificate now and then.",
        "A cheap switch failed in the night and took the printer with it, which nobody noticed for three days.",
        "Logs are like gardens: nobody looks at them until something is growing where it should not.",
        "I wrote the recovery steps on paper and taped them inside the cupboard door, next to the fuse box.",
      ],
    },
  ],
  general: [
    "I will write again when I know whether it lasts.",
    "Somebody asked for pictures, so there are two at the end, taken in rather poor light.",
    "All in all it cost less than an evening at the cinema and kept us busy for {n} days.",
    "The children have opinions about this, most of them loud and none of them asked for.",
    "If you have tried the same thing, please tell me what went wrong, because something always does.",
    "It is a small thing, but small things are what a week is made of.",
    "My grandmother used to do this without any instructions, and I am slowly beginning to see how.",
  ],
  readMore: "Read the longer version",
};
