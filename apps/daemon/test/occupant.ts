import { NS_MUC, type Session, type XmlElement, xml } from "@larder/core";
import type { XmppServer } from "@larder/testing";
import { openSession } from "./peer.js";

export interface TestOccupant {
  readonly session: Session;
  /** Every stanza that came. */
  readonly seen: XmlElement[];
  say(body: string, ...extra: XmlElement[]): Promise<void>;
}

let count = 0;

/** Another occupant of a room, with what it has seen; who comes first owns the room. */
export async function enterRoom(server: XmppServer, room: string, nick: string): Promise<TestOccupant> {
  const user = `occupant-${++count}`;
  await server.addUser(user, nick);
  const session = await openSession(server, `${user}@${server.domain}`, nick);
  const seen: XmlElement[] = [];
  const joined = new Promise<void>((resolve) => {
    session.onStanza((stanza) => {
      seen.push(stanza);
      if (stanza.name === "presence" && stanza.attrs.from === `${room}/${nick}`) resolve();
    });
  });
  await session.send(xml("presence", { to: `${room}/${nick}` }, xml("x", { xmlns: NS_MUC })));
  await joined;
  return {
    session,
    seen,
    say: (body, ...extra) =>
      session.sendTracked(
        xml("message", { to: room, type: "groupchat", id: `${body}-id` }, xml("body", {}, body), ...extra),
      ),
  };
}

/** For what no signal tells: the other side's own stanzas. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
