import { Session, xml } from "@larder/core";

interface Server {
  readonly service: string;
  readonly ca: string;
}

/** The other side of a test: a session without a daemon, online and available. */
export async function openSession(server: Server, jid: string, password: string): Promise<Session> {
  const session = new Session({
    jid,
    password: async () => password,
    service: server.service,
    ca: server.ca,
  });
  await session.connect();
  await session.send(xml("presence"));
  return session;
}
