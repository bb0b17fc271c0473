/** Serves the API on this machine without asking who calls, as the user of the kubeconfig, until it is stopped. */
import { once } from "node:events";
import { rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { joinHostPort } from "@kubets/machinery/ip";
import { createServer } from "@kubets/machinery/node-http";
import { UsageError } from "../errors.ts";
import { serveFile } from "../proxy/files.ts";
import { filterOf } from "../proxy/filter.ts";
import { pass, passUpgrade } from "../proxy/handler.ts";
import { defineVerb } from "../verb.ts";
import { bool, duration, int, text } from "./flags.ts";

export const proxy = defineVerb({
  name: "proxy",
  summary: "Serve the API on this machine",
  usage: "[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix] [flags]",
  examples: ["kubectl proxy --port=8001", "kubectl proxy --api-prefix=/k8s-api --www=./page"],
  flags: {
    port: int({ help: "Where to listen; 0 for any free port.", short: "p", default: 8001 }),
    address: text({ help: "The address to listen on.", default: "127.0.0.1" }),
    "unix-socket": text({ help: "A socket to listen on, instead of a port.", short: "u" }),
    "api-prefix": text({ help: "Under which path the API is.", default: "/" }),
    www: text({ help: "A folder of files to serve too.", short: "w" }),
    "www-prefix": text({ help: "Under which path those files are.", short: "P", default: "/static/" }),
    "accept-paths": text({ help: "Regular expressions of paths to let through.", default: "^.*" }),
    "reject-paths": text({
      help: "Regular expressions of paths to reject, though they are accepted.",
      default: "^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach",
    }),
    "accept-hosts": text({
      help: "Regular expressions of hosts to let through.",
      default: String.raw`^localhost$,^127\.0\.0\.1$,^\[::1\]$`,
    }),
    "reject-methods": text({ help: "Regular expressions of methods to reject.", default: "^$" }),
    "disable-filter": bool({ help: "Let everything through. Dangerous: any page of a browser here can use it." }),
    "append-server-path": bool({ help: "Put the path of the server's address before each path." }),
    keepalive: duration({ help: "How often a quiet connection is tried." }),
  },
  async run(session, { flags }) {
    const prefix = slashed(flags["api-prefix"]);
    const files = slashed(flags["www-prefix"]);
    if (flags.www && prefix === files) throw new UsageError(`--api-prefix and --www-prefix are both ${prefix}`);
    const accepts = flags["disable-filter"] ? () => true : filterOf(flags);
    if (flags["disable-filter"] && !flags["unix-socket"])
      session.note("Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious");
    const { link } = (await session.api()).rest;

    /** The path at the server; undefined where the answer is given here. */
    const route = (from: IncomingMessage, refuse: (status: number, text: string) => void): string | undefined => {
      const { method = "GET", url = "/" } = from;
      const [path = "/"] = url.split("?", 1);
      if (!path.startsWith(prefix)) {
        refuse(404, "404 page not found\n");
        return undefined;
      }
      const inner = url.slice(prefix.length - 1);
      const asked = { method, path: path.slice(prefix.length - 1), host: from.headers.host ?? "" };
      if (accepts(asked)) return inner;
      refuse(403, "Forbidden");
      return undefined;
    };

    const server = createServer(
      { keepAliveTimeout: flags.keepalive || 5000 },
      (from: IncomingMessage, to: ServerResponse) => {
        const { url = "/" } = from;
        if (flags.www && url.startsWith(files))
          return void serveFile(flags.www, url.slice(files.length).split("?")[0] ?? "", to);
        const path = route(from, (status, body) =>
          to.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(body),
        );
        if (path !== undefined) void pass(link, path, from, to);
      },
    );
    server.on("upgrade", (from: IncomingMessage, client: Duplex, head: Buffer) => {
      const path = route(from, (status, body) => client.end(`HTTP/1.1 ${status} \r\nconnection: close\r\n\r\n${body}`));
      if (path !== undefined) void passUpgrade(link, path, from, client, head);
    });
    if (flags["unix-socket"]) {
      // One that a run before has left would be in the way.
      await rm(flags["unix-socket"], { force: true });
      server.listen(flags["unix-socket"]);
    } else server.listen(flags.port, flags.address);
    await once(server, "listening");
    const address = server.address() as AddressInfo | string;
    session.line(
      `Starting to serve on ${typeof address === "string" ? address : joinHostPort(address.address, address.port)}`,
    );
    await once(server, "close");
  },
});

const slashed = (path: string): string => `/${path}/`.replace(/\/+/g, "/");
