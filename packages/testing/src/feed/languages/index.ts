import type { Language } from "../language.js";
import { ar } from "./ar.js";
import { de } from "./de.js";
import { el } from "./el.js";
import { en } from "./en.js";
import { es } from "./es.js";
import { fr } from "./fr.js";
import { he } from "./he.js";
import { hi } from "./hi.js";
import { ja } from "./ja.js";
import { ko } from "./ko.js";
import { ru } from "./ru.js";
import { th } from "./th.js";
import { zh } from "./zh.js";

/** All languages that a feed may use. */
export const languages: readonly Language[] = [en, fr, de, es, ru, el, ar, he, hi, zh, ja, ko, th];
