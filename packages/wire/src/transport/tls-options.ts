/** How a client trusts a server, and shows who it is. */
import { isIP } from "node:net";

export interface TlsOptions {
  /** PEM; the system's trusted ones when absent. */
  readonly ca?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** The name the server's certificate must carry, when it is not the one in the address. */
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
}

export const hostOf = (server: URL): string => server.hostname.replace(/^\[|\]$/g, "");

/** The options of node:tls and node:https. */
export function tlsOptions(tls: TlsOptions, host: string) {
  const { ca, cert, key, serverName, insecureSkipVerify } = tls;
  const name = serverName ?? (isIP(host) ? "" : host);
  return {
    ...(ca && { ca: Buffer.from(ca) }),
    ...(cert && { cert: Buffer.from(cert), key: key && Buffer.from(key) }),
    ...(name && { servername: name }),
    ...(insecureSkipVerify && { rejectUnauthorized: false }),
  };
}
