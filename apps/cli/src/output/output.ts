import Table from "cli-table3";
import pc from "picocolors";

/** Where a command's results go: for programs one JSON document (or JSON Lines), for people text. */
export class Output {
  readonly json: boolean;

  constructor(json: boolean) {
    this.json = json;
  }

  /** The result of a command. */
  result(value: unknown, human: () => string): void {
    const text = this.json ? JSON.stringify(value) : human();
    if (text !== "") process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  }

  /** One entry of a stream. */
  line(value: unknown, human: () => string): void {
    this.result(value, human);
  }
}

/** Text from others must not steer the terminal, nor reorder what stands after it. */
export const printable = (text: string): string =>
  text.replace(/(?![\t\n])\p{Cc}/gu, "\ufffd").replace(/[\u202a-\u202e\u2066-\u2069]/gu, "");

/** Columns without borders; cells are made printable. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const bare = {
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
    "bottom-right": "",
    left: "",
    "left-mid": "",
    mid: "",
    "mid-mid": "",
    right: "",
    "right-mid": "",
    middle: "  ",
  };
  const drawn = new Table({
    head: head.map((cell) => pc.bold(cell)),
    chars: bare,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  drawn.push(...rows.map((row) => row.map((cell) => printable(cell).replaceAll("\n", " "))));
  return drawn.toString().replace(/[^\S\n]+$/gm, "");
}

/** An instant as its reader's clock shows it. */
export function localTime(iso: string): string {
  const date = new Date(iso);
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** The first line of a text, at most so many characters. */
export function excerpt(text: string, length: number): string {
  const characters = [...text.replace(/\s+/g, " ").trim()];
  return characters.length > length ? `${characters.slice(0, length - 1).join("")}…` : characters.join("");
}
