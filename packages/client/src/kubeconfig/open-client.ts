/** A client for a connection: the transport of wire with the connection's authority, certificate and credentials. */
import { HttpTransport } from "@kubets/wire/transport";
import type { Client } from "../client.ts";
import type { Transport } from "../transport.ts";
import { createClient } from "../typed-client.ts";
import { authenticated } from "./authenticated-transport.ts";
import type { Connection } from "./connection.ts";
import type { ClientCertificate } from "./credentials.ts";

export interface OpenedTransport extends Transport {
  /** New connections show this certificate; requests under way finish on the old ones. */
  useCertificate(certificate: ClientCertificate): Promise<void>;
}

const tlsOf = (connection: Connection) => ({
  ...(connection.ca && { ca: connection.ca }),
  ...(connection.tlsServerName && { serverName: connection.tlsServerName }),
  insecureSkipVerify: connection.insecureSkipTlsVerify,
});

/** Without saying who asks. */
export async function openHttp(connection: Connection): Promise<HttpTransport> {
  const certificate = await connection.credentials.certificate();
  return new HttpTransport({ server: connection.server, tls: { ...tlsOf(connection), ...certificate } });
}

export async function openTransport(connection: Connection): Promise<OpenedTransport> {
  const http = await openHttp(connection);
  return {
    ...authenticated(http, connection),
    useCertificate: (next) => http.reloadTls({ ...tlsOf(connection), ...next }),
  };
}

export async function openClient(
  connection: Connection,
  userAgent: string,
): Promise<{ client: Client; transport: OpenedTransport }> {
  const transport = await openTransport(connection);
  return { client: createClient(transport, { userAgent }), transport };
}
