import pg from "pg";
import type { BareDriver } from "./bare.js";

const INT8 = 20;
const JSON_TYPES = [114, 3802];

/** As the product reads them: numbers as numbers, JSON as text. */
const types = {
  getTypeParser(oid: number, format?: "text" | "binary"): (value: never) => unknown {
    if (oid === INT8) return Number;
    if (JSON_TYPES.includes(oid)) return (value) => value;
    return pg.types.getTypeParser(oid, format as "text");
  },
} as unknown as pg.CustomTypesConfig;

class BarePostgres implements BareDriver {
  readonly #client: pg.Client;
  readonly #names = new Map<string, string>();

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async all<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const name = this.#names.get(text) ?? `s${this.#names.size}`;
    this.#names.set(text, name);
    const { rows } = await this.#client.query({ name, text, values: [...values] });
    return rows as Row[];
  }

  close(): Promise<void> {
    return this.#client.end();
  }
}

export async function openBarePostgres(url: string): Promise<BareDriver> {
  const client = new pg.Client({ connectionString: url, types });
  await client.connect();
  return new BarePostgres(client);
}
