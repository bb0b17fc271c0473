/** A client for a connection: the transport of wire with the connection's authority, certificate and credentials. */
import { HttpTransport, type HttpTransportOptions } from "@kubets/wire/transport";
import { proxyDialer } from "@kubets/wire/transport/proxy";
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

export type TransportExtras = Pick<HttpTransportOptions, "alternatives" | "dialer">;

const tlsOf = (connection: Connection) => ({
  ...(connection.ca && { ca: connection.ca }),
  ...(connection.tlsServerName && { serverName: connection.tlsServerName }),
  insecureSkipVerify: connection.insecureSkipTlsVerify,
});

/** Without saying who asks. */
export async function openHttp(connection: Connection, extras: TransportExtras = {}): Promise<HttpTransport> {
  const certificate = await connection.credentials.certificate();
  const { server, proxy } = connection;
  const { serverName: _, ...trust } = tlsOf(connection);
  const dialer = proxy ? proxyDialer(new URL(proxy), trust) : undefined;
  return new HttpTransport({ dialer, ...extras, server, tls: { ...tlsOf(connection), ...certificate } });
}

export async function openTransport(connection: Connection, extras?: TransportExtras): Promise<OpenedTransport> {
  const http = await openHttp(connection, extras);
  return {
    ...authenticated(http, connection),
    useCertificate: (next) => http.reloadTls({ ...tlsOf(connection), ...next }),
  };
}

export async function openClient(
  connection: Connection,
  userAgent: string,
  extras?: TransportExtras,
): Promise<{ client: Client; transport: OpenedTransport }> {
  const transport = await openTransport(connection, extras);
  return { client: createClient(transport, { userAgent }), transport };
}
