import { createNode, parseTrustedXml, publishItem, Session } from "@larder/core";
import { type EjabberdServer, type ProsodyServer, startEjabberd, startProsody } from "@larder/testing";
import { makePosts, type Post } from "./posts.js";

export type ServerName = "ejabberd" | "prosody";

/** A private server whose nodes can be filled. */
export interface BenchServer extends AsyncDisposable {
  readonly name: ServerName;
  readonly server: EjabberdServer | ProsodyServer;
  /** Makes a node of so many posts. */
  fill(node: string, count: number): Promise<readonly Post[]>;
}

/** Everybody has the same password: the server is on loopback, and gone afterwards. */
export const PASSWORD = "bench";

// The bare @xmpp/client knows nothing newer than SCRAM-SHA-1.
const OPTIONS = { users: { alice: PASSWORD, bob: PASSWORD }, passwordHash: "SHA-1", mam: false } as const;

const PUBLISHED_AT_ONCE = 32;

export async function startServer(name: ServerName): Promise<BenchServer> {
  return name === "ejabberd" ? ejabberd(await startEjabberd(OPTIONS)) : prosody(await startProsody(OPTIONS));
}

/** ejabberd is filled past the protocol: its publishing slows with every item of a node. */
function ejabberd(server: EjabberdServer): BenchServer {
  return {
    name: "ejabberd",
    server,
    async fill(node, count) {
      const posts = makePosts(count, server.pubsub, node);
      await server.fillNode(node, posts, { owner: "alice" });
      return posts;
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

function prosody(server: ProsodyServer): BenchServer {
  return {
    name: "prosody",
    server,
    async fill(node, count) {
      const posts = makePosts(count, server.pubsub, node);
      await using session = await openSession(server, "alice");
      const service = server.pubsub;
      await createNode(session, {
        service,
        node,
        config: { "pubsub#access_model": "open", "pubsub#max_items": "200000" },
      });
      for (let start = 0; start < posts.length; start += PUBLISHED_AT_ONCE) {
        const some = posts.slice(start, start + PUBLISHED_AT_ONCE);
        await Promise.all(
          some.map(({ id, payload }) =>
            publishItem(session, { service, node, id, payload: parseTrustedXml(payload) }),
          ),
        );
      }
      return posts;
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

async function openSession(server: EjabberdServer | ProsodyServer, user: string): Promise<Session> {
  const { domain, service, ca } = server;
  const session = new Session({ jid: `${user}@${domain}`, password: async () => PASSWORD, service, ca });
  await session.connect();
  return session;
}
