/** A server of the test's own over HTTPS, with an authority of its own: webhooks and aggregated API servers are such. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { chooseNamespaceDriver } from "@kubets/sandbox/namespaces/choose";
import { certificateToPem, createAuthority, createKey, issueCertificate, keyToPem, validFor } from "@kubets/wire/x509";

export interface HttpsServer {
  readonly port: number;
  readonly url: string;
  /** Base64 of PEM, as objects carry it. */
  readonly caBundle: string;
  /** How many connections were opened. */
  readonly connections: number;
  onUpgrade(handler: (request: IncomingMessage, socket: Socket) => void): void;
  close(): Promise<void>;
}

export interface HttpsOptions {
  readonly dnsNames?: readonly string[] | undefined;
  readonly clientCa?: string | undefined;
  /** The file of the network namespace whose loopback it serves on: this machine's own when absent. */
  readonly net?: string | undefined;
}

/** A handler that throws is answered for with 500 and what it said. */
export async function startHttps(
  handler: (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>,
  options: HttpsOptions = {},
): Promise<HttpsServer> {
  const key = createKey();
  const authority = createAuthority({ commonName: "test authority", key, ...validFor(Date.now(), 1) });
  const serving = createKey();
  const certificate = issueCertificate(
    { certificate: authority.certificate, key },
    {
      commonName: "test",
      publicKey: serving,
      extendedUsages: ["serverAuth"],
      dnsNames: [...(options.dnsNames ?? ["localhost"])],
      ipAddresses: ["127.0.0.1"],
      ...validFor(Date.now(), 1),
    },
  );
  const tls = {
    key: keyToPem(serving),
    cert: certificateToPem(certificate),
    ...(options.clientCa && { ca: options.clientCa, requestCert: true, rejectUnauthorized: false }),
  };
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer(tls, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    const handled = async () => handler(request, response, Buffer.concat(chunks).toString());
    request.on("end", () => handled().catch((error: unknown) => response.writeHead(500).end(String(error))));
  });
  server.on("secureConnection", (socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  const port = await listen(server, options.net);
  return {
    port,
    url: `https://127.0.0.1:${port}`,
    caBundle: Buffer.from(certificateToPem(authority.certificate)).toString("base64"),
    get connections() {
      return connections;
    },
    onUpgrade: (take) => void server.on("upgrade", take),
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function listen(server: Server, net: string | undefined): Promise<number> {
  if (!net) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }
  const driver = await chooseNamespaceDriver();
  const { fd, port } = await driver.listen({ net }, { host: "127.0.0.1", port: 0 });
  await driver.close();
  await new Promise<void>((resolve) => server.listen({ fd }, resolve));
  return port;
}
