/** Another program took a port between our looking and the server's listening. */
export class PortTakenError extends Error {
  override readonly name = "PortTakenError";
}
