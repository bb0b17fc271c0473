/**
 * The dashboard's server: its pages, and behind a key the API with the credentials of the kubeconfig.
 * Holds: without the key nothing but the pages is served. Browsers send it as a bearer token or, for WebSockets, among the protocols;
 * never by itself, as they would a cookie, so that no other page can have them ask for it.
 */
import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { KEY_PROTOCOL } from "@kubets/dashboard/server/protocols";
import type { Link } from "@kubets/kubectl/api/rest";
import { pass, passUpgrade } from "@kubets/kubectl/proxy/handler";
import { joinHostPort } from "@kubets/machinery/ip";
import { createServer } from "@kubets/machinery/node-http";
import { unauthorized } from "@kubets/machinery/status-error";
import { dashboardFiles } from "./files.ts";
import { streamOverSocket } from "./stream.ts";

export interface DashboardOptions {
  readonly link: Link;
  readonly key: string;
  readonly address: string;
  readonly port: number;
}

export interface Dashboard {
  /** With the key in it, where browsers do not send it anywhere. */
  readonly url: string;
  close(): Promise<void>;
}

/** The pages' own paths; all others are the API's. */
const OWN = "/dashboard/";
const STREAM = `${OWN}stream`;
/** Named in the place of the browser, for which the API server would indent all of its JSON: twice the bytes, and much work. */
const AGENT = "kubets-dashboard";

const HEADERS = {
  "content-security-policy":
    // The terminal writes styles of its own.
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

export async function serveDashboard({ link, key, address, port }: DashboardOptions): Promise<Dashboard> {
  const sendFile = dashboardFiles();
  const sockets = new Set<Duplex>();

  const server = createServer((from: IncomingMessage, to: ServerResponse) => {
    const path = pathOf(from);
    if (path === "/" || path.startsWith(OWN)) {
      for (const [name, value] of Object.entries(HEADERS)) to.setHeader(name, value);
      return void sendFile(path === "/" ? "index.html" : path.slice(OWN.length), to);
    }
    if (!isKey(key, bearer(from))) return refuse();
    from.headers["user-agent"] = AGENT;
    void pass(link, from.url ?? "/", from, to);

    function refuse() {
      const headers = { "content-type": "application/json", "www-authenticate": 'Bearer realm="dashboard"' };
      to.writeHead(401, headers).end(JSON.stringify(REFUSED.status));
    }
  });

  server.on("upgrade", (from: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on("error", () => client.destroy());
    sockets.add(client);
    client.once("close", () => sockets.delete(client));
    const offered = (from.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    const sent = offered.find((name) => name.startsWith(KEY_PROTOCOL))?.slice(KEY_PROTOCOL.length);
    if (!isKey(key, sent)) return void client.end("HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n");
    from.headers["sec-websocket-protocol"] = offered.filter((name) => !name.startsWith(KEY_PROTOCOL)).join(", ");
    from.headers["user-agent"] = AGENT;
    if (pathOf(from) === STREAM) void streamOverSocket(link, from, client, head);
    else void passUpgrade(link, from.url ?? "/", from, client, head);
  });

  server.listen(port, address);
  await once(server, "listening");
  const bound = server.address() as AddressInfo;
  return {
    url: `http://${joinHostPort(address, bound.port)}/#key=${key}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const REFUSED = unauthorized(
  "the key of this dashboard is missing or not the right one: open the address that `kubets dashboard` printed",
);

const pathOf = (from: IncomingMessage): string => (from.url ?? "/").split("?", 1)[0] ?? "/";

const bearer = (from: IncomingMessage): string | undefined =>
  /^Bearer (.+)$/.exec(from.headers.authorization ?? "")?.[1];

function isKey(key: string, sent = ""): boolean {
  const [a, b] = [Buffer.from(key), Buffer.from(sent)];
  return a.length === b.length && timingSafeEqual(a, b);
}
