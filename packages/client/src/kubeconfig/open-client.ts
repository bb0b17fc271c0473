/** A client for a connection: the transport of wire with the connection's authority, certificate and credentials. */
import { HttpTransport } from "@kubets/wire/transport";
import type { Client } from "../client.ts";
import type { Transport } from "../transport.ts";
import { createClient } from "../typed-client.ts";
import { authenticated } from "./authenticated-transport.ts";
import type { Connection } from "./connection.ts";

/** Without saying who asks. */
export async function openHttp(connection: Connection): Promise<HttpTransport> {
  const certificate = await connection.credentials.certificate();
  return new HttpTransport({
    server: connection.server,
    tls: {
      ...(connection.ca && { ca: connection.ca }),
      ...certificate,
      ...(connection.tlsServerName && { serverName: connection.tlsServerName }),
      insecureSkipVerify: connection.insecureSkipTlsVerify,
    },
  });
}

export const openTransport = async (connection: Connection): Promise<Transport> =>
  authenticated(await openHttp(connection), connection);

export async function openClient(
  connection: Connection,
  userAgent: string,
): Promise<{ client: Client; transport: Transport }> {
  const transport = await openTransport(connection);
  return { client: createClient(transport, { userAgent }), transport };
}
