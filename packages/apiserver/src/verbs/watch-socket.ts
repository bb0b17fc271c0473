/**
 * Watches for clients that can stream only over WebSocket, or only six streams at once without (browsers): each event is a message, text where it is JSON. As with any
 * watch, `Accept` says how events are told; browsers cannot set it, and get whole objects as JSON.
 */
import { badRequest, forbidden } from "@kubets/machinery";
import type { ChunkSink, Upgrade } from "@kubets/wire/http";
import { acceptWebSocket, messageSink } from "@kubets/wire/websocket";
import { withoutToken } from "../authn/web-socket-token.ts";

/** As the original: the origin has to be told, whichever it is, and the one protocol that may be offered is agreed to. */
export function watchOverSocket(upgrade: Upgrade): ChunkSink {
  const { origin = "", "sec-websocket-protocol": offered = "" } = upgrade.request.headers;
  if (!URL.canParse(origin))
    throw forbidden({ group: "", resource: "" }, "", "the header Origin of a WebSocket must be a URL");
  const protocol = withoutToken(offered);
  if (protocol.includes(",")) throw badRequest("a watch over WebSocket can be offered one protocol at most");
  return messageSink(acceptWebSocket(upgrade, protocol, true));
}
