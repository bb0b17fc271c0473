/**
 * Browsers can send no header of their own with a WebSocket, so a bearer token may come among the protocols that the client offers, beside one that it means.
 * It is for this server alone: nobody behind it is handed it on.
 */
import type { Credentials } from "./authenticator.ts";

const PREFIX = "base64url.bearer.authorization.k8s.io.";

/** Undefined without one. One that cannot be read, or that leaves no protocol to agree on, is empty: nobody's. */
export function webSocketToken(credentials: Pick<Credentials, "header">): string | undefined {
  if (credentials.header("upgrade")?.toLowerCase() !== "websocket") return undefined;
  const offered = protocolsOf(credentials.header("sec-websocket-protocol"));
  const tokens = offered.filter((protocol) => protocol.startsWith(PREFIX));
  if (tokens.length === 0) return undefined;
  const encoded = (tokens[0] as string).slice(PREFIX.length);
  const isRight = tokens.length === 1 && offered.length > 1 && /^[\w-]+$/.test(encoded);
  return isRight ? Buffer.from(encoded, "base64url").toString() : "";
}

/** What a `Sec-WebSocket-Protocol` says without the token. */
export const withoutToken = (protocols: string): string =>
  protocolsOf(protocols)
    .filter((protocol) => !protocol.startsWith(PREFIX))
    .join(", ");

const protocolsOf = (header = ""): string[] => header.split(",").map((protocol) => protocol.trim());
