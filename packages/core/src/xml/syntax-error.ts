/** A text is not well-formed XML, or holds what XMPP does not allow; the message says what. */
export class XmlSyntaxError extends Error {
  override readonly name = "XmlSyntaxError";
}
