import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";

/** Resolves with what arrived once `wanted` is part of it; rejects when the other side closes first. */
function readUntil(socket: Socket, wanted: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = "";
    const onData = (chunk: Buffer) => {
      seen += chunk.toString("utf8");
      if (!seen.includes(wanted)) return;
      socket.off("data", onData);
      resolve(seen);
    };
    socket.on("data", onData);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`closed before "${wanted}": ${seen}`)));
  });
}

async function openStream(socket: Socket, domain: string): Promise<string> {
  const features = readUntil(socket, "</stream:features>");
  socket.write(
    `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`,
  );
  return features;
}

/** The stream features that a server shows before any encryption, as text (RFC 6120 §4.3.2). */
export async function plainFeatures(port: number, domain: string): Promise<string> {
  const socket = connectTcp({ port, host: "127.0.0.1" });
  try {
    return await openStream(socket, domain);
  } finally {
    socket.destroy();
  }
}

/**
 * The features inside TLS, once the certificate has proved `domain`.
 *
 * @param options.startTls whether to ask for TLS on a plain stream first (RFC 6120 §5.4), else direct TLS
 * @throws the handshake's error, with its `code`
 */
export async function encryptedFeatures(options: {
  port: number;
  domain: string;
  ca: string;
  startTls: boolean;
}): Promise<string> {
  const { port, domain, ca } = options;
  let below: Socket | undefined;
  if (options.startTls) {
    below = connectTcp({ port, host: "127.0.0.1" });
    await openStream(below, domain);
    const proceed = readUntil(below, "<proceed");
    below.write("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await proceed;
  }
  const target = below ? { socket: below } : { port, host: "127.0.0.1" };
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const secure = connectTls({ ...target, ca, servername: domain }, () => resolve(secure));
    secure.once("error", reject);
  });
  try {
    return await openStream(socket, domain);
  } finally {
    socket.destroy();
  }
}
