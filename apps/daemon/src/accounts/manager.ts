import { resolve } from "node:path";
import {
  type BridgeInput,
  type BridgeResult,
  errorFieldOf,
  InvalidParamsError,
  NotFoundError,
  requireJid,
  requireLoopback,
  type SessionState,
} from "@larder/core";
import type { AccountRecord } from "@larder/storage";
import { readCaFile } from "./ca-file.js";
import { AccountRuntime, type AccountServices } from "./runtime.js";

export interface ConnectionStateChange {
  readonly account: string;
  readonly state: SessionState;
  readonly error?: ReturnType<typeof errorFieldOf>;
}

/** The accounts of the daemon and their sessions. */
export class AccountManager {
  readonly #services: AccountServices;
  readonly #onState: (change: ConnectionStateChange) => void;
  readonly #accounts = new Map<string, AccountRuntime>();
  readonly #names = new Map<number, string>();

  constructor(services: AccountServices, onState: (change: ConnectionStateChange) => void) {
    this.#services = services;
    this.#onState = onState;
  }

  /** Loads the stored accounts. */
  async load(): Promise<void> {
    for (const record of await this.#services.store.accounts.list()) await this.#adopt(record);
  }

  /** Starts to connect the accounts that want it; does not wait for any. */
  connectAll(): void {
    for (const runtime of this.all()) if (runtime.record.autoConnect) this.#connectInBackground(runtime);
  }

  /**
   * The account that a call means.
   *
   * @throws {InvalidParamsError} none was named and there is not exactly one
   * @throws {NotFoundError} nobody added that account
   */
  resolve(account: string | undefined): AccountRuntime {
    if (account !== undefined) {
      const runtime = this.#accounts.get(account);
      if (runtime) return runtime;
      throw new NotFoundError(`there is no account ${account}`);
    }
    const [only, another] = this.#accounts.values();
    if (!only) throw new NotFoundError("no account was added yet: larder account add JID");
    if (another)
      throw new InvalidParamsError("account", "account: there are several accounts; say which one");
    return only;
  }

  /** Row ids of the accounts that a filter names; an unknown one gives none. */
  idsOf(accounts: readonly string[] | undefined): number[] | undefined {
    return accounts?.map((jid) => this.#accounts.get(jid)?.id ?? -1);
  }

  /** The bare JID of an account's row. */
  readonly nameOf = (id: number): string => this.#names.get(id) ?? "";

  all(): readonly AccountRuntime[] {
    return [...this.#accounts.values()];
  }

  async add(params: BridgeInput<"account_add">): Promise<string> {
    const { store, secrets } = this.#services;
    const { local, domain } = requireJid(params.jid, "jid");
    if (local === "") throw new InvalidParamsError("jid", `jid: ${params.jid} has no name before an @`);
    if (params.tls === "disabled" && params.allowPlaintext !== true)
      requireLoopback(params.jid, domain, params.service);
    const caFile = params.caFile === undefined ? undefined : resolve(params.caFile);
    if (caFile !== undefined) await readCaFile(caFile);
    const record = await store.accounts.add({
      jid: params.jid,
      service: params.service,
      resource: params.resource,
      autoConnect: params.autoConnect ?? true,
      tls: params.tls ?? "required",
      caFile,
      allowPlaintext: params.allowPlaintext ?? false,
    });
    try {
      await secrets.setPassword(record.jid, params.password);
    } catch (error) {
      await store.accounts.remove(record.id, { keepData: true });
      throw error;
    }
    const runtime = await this.#adopt(record);
    if (record.autoConnect) this.#connectInBackground(runtime);
    return record.jid;
  }

  async list(): Promise<BridgeResult<"account_list">["accounts"]> {
    const records = await this.#services.store.accounts.list();
    return records.map((record) => {
      const session = this.#accounts.get(record.jid)?.session;
      const live = session?.lastError && errorFieldOf(session.lastError);
      const state = session?.state ?? "offline";
      const kept =
        state === "online" ? undefined : (record.lastError as ReturnType<typeof errorFieldOf> | undefined);
      return { account: record.jid, state, autoConnect: record.autoConnect, lastError: live ?? kept };
    });
  }

  async connect(account: string | undefined): Promise<void> {
    const runtime = this.resolve(account);
    await this.#services.store.accounts.update(runtime.id, { autoConnect: true });
    await runtime.session.connect();
  }

  async disconnect(account: string | undefined): Promise<void> {
    const runtime = this.resolve(account);
    await this.#services.store.accounts.update(runtime.id, { autoConnect: false });
    await runtime.session.disconnect();
  }

  /**
   * Changes how an account connects. What its session knows was made of what stood before, so it begins anew.
   *
   * @throws {InvalidParamsError} the CA file; nothing is changed
   * @throws {TlsError} it would connect to another machine without TLS; nothing is changed
   */
  async update(
    account: string,
    { password, caFile: givenFile, ...rest }: Omit<BridgeInput<"account_update">, "account">,
  ): Promise<void> {
    const { store, secrets } = this.#services;
    const before = this.resolve(account);
    const caFile = givenFile == null ? givenFile : resolve(givenFile);
    if (caFile != null) await readCaFile(caFile);
    const { tls, allowPlaintext, jid } = before.record;
    const service = rest.service === undefined ? before.record.service : (rest.service ?? undefined);
    if (tls === "disabled" && !allowPlaintext)
      requireLoopback(jid, requireJid(jid, "account").domain, service);
    if (password !== undefined) await secrets.setPassword(jid, password);
    await store.accounts.update(before.id, { ...rest, caFile, lastError: null });
    const wasConnecting = before.session.state === "online" || before.session.state === "connecting";
    const failed = before.session.state === "failed";
    await before.session.disconnect();
    before.stop();
    const record = await store.accounts.get(jid);
    if (!record) throw new NotFoundError(`there is no account ${jid}`);
    const runtime = await this.#adopt(record);
    if (wasConnecting || (failed && record.autoConnect)) this.#connectInBackground(runtime);
  }

  async remove(account: string | undefined, keepData: boolean): Promise<void> {
    const runtime = this.resolve(account);
    await runtime.session.disconnect();
    runtime.stop();
    this.#accounts.delete(runtime.jid);
    await this.#services.store.accounts.remove(runtime.id, { keepData });
    await this.#services.cache.accountRemoved(runtime);
    await this.#services.secrets.remove(runtime.jid);
  }

  async stop(): Promise<void> {
    for (const runtime of this.all()) runtime.stop();
    await Promise.allSettled(this.all().map((runtime) => runtime.session.disconnect()));
  }

  async #adopt(record: AccountRecord): Promise<AccountRuntime> {
    const runtime = await AccountRuntime.create(record, this.#services);
    this.#accounts.set(record.jid, runtime);
    this.#names.set(record.id, record.jid);
    runtime.session.on("state", ({ state, error }) => {
      const field = error && errorFieldOf(error);
      this.#onState({ account: record.jid, state, error: field });
      if (state !== "online" && !field) return;
      // Kept, so that a daemon that starts anew can still say why an account is not connected.
      this.#services.store.accounts
        .update(record.id, { lastError: field ?? null })
        .catch((err: unknown) =>
          this.#services.log.warn({ account: record.jid, err }, "the account's error could not be kept"),
        );
    });
    return runtime;
  }

  #connectInBackground(runtime: AccountRuntime): void {
    // The reason is in lastError and in the signal; nobody waits for this promise.
    runtime.session.connect().catch(() => {});
  }
}
