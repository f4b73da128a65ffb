import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { requireCommand } from "../process/require-command.js";

/**
 * What the server shows to clients: `valid` proves the domain; `expired` proves it too, but ended in 2020;
 * `foreign` is signed by the same CA for another domain; `nameless` has the domain as its subject alone, without subjectAltName.
 */
export type CertificateKind = "valid" | "expired" | "foreign" | "nameless";

/** Paths of what {@link makeCertificates} wrote. */
export interface CertificateFiles {
  readonly caFile: string;
  /** The CA's certificate as PEM. */
  readonly ca: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

const run = promisify(execFile);
const FOREIGN_DOMAIN = "somebody-else.test";
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** `openssl ca` is the only sub-command of OpenSSL 3.0 that takes both dates. */
const caConfiguration = (directory: string, names: string) => `[ca]
default_ca = own
[own]
new_certs_dir = ${directory}
database = ${directory}/index.txt
serial = ${directory}/serial
default_md = sha256
policy = any
x509_extensions = server
unique_subject = no
[any]
commonName = supplied
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
${names}
`;

/** Makes a CA and a server certificate for `domain` and `*.domain` in `directory`, with the `openssl` command. */
export async function makeCertificates(
  directory: string,
  domain: string,
  kind: CertificateKind,
): Promise<CertificateFiles> {
  const openssl = requireCommand("openssl");
  const file = (name: string) => path.join(directory, name);
  const proven = kind === "foreign" ? FOREIGN_DOMAIN : domain;
  const names = kind === "nameless" ? "" : `subjectAltName = DNS:${proven},DNS:*.${proven}`;
  await writeFile(file("ca.cnf"), caConfiguration(directory, names));
  await writeFile(file("index.txt"), "");
  await writeFile(file("serial"), "01\n");
  await run(openssl, [
    ...["req", "-x509", ...NEW_KEY, "-keyout", file("ca.key"), "-out", file("ca.pem")],
    ...["-days", "3650", "-subj", "/CN=Larder test CA"],
    ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
  ]);
  await run(openssl, [
    ...["req", ...NEW_KEY, "-keyout", file("server.key"), "-out", file("server.req")],
    ...["-subj", `/CN=${proven}`],
  ]);
  const [from, to] =
    kind === "expired" ? ["20200101000000Z", "20200201000000Z"] : ["20200101000000Z", "20991231235959Z"];
  await run(openssl, [
    ...["ca", "-batch", "-notext", "-config", file("ca.cnf"), "-startdate", from, "-enddate", to],
    ...["-cert", file("ca.pem"), "-keyfile", file("ca.key"), "-in", file("server.req")],
    ...["-out", file("server.pem")],
  ]);
  return {
    caFile: file("ca.pem"),
    ca: await readFile(file("ca.pem"), "utf8"),
    certificateFile: file("server.pem"),
    keyFile: file("server.key"),
  };
}
