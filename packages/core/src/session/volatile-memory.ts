import type { SessionMemory, SessionMemoryData } from "./options.js";

/** Forgets everything when the program ends; the default. */
export class VolatileMemory implements SessionMemory {
  #data: SessionMemoryData = {};
  async load(): Promise<SessionMemoryData> {
    return this.#data;
  }
  async save(patch: Partial<SessionMemoryData>): Promise<void> {
    this.#data = { ...this.#data, ...patch };
  }
}
