/** Opens connections to a server, with TLS and the choice of protocol that comes with it. */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { TransportError } from "./transport.ts";

export interface TlsOptions {
  /** PEM; the system's trusted ones when absent. */
  readonly ca?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** The name the server's certificate must carry, when it is not the one in the address. */
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
}

interface DialOptions {
  readonly server: URL;
  readonly tls: TlsOptions;
  readonly protocols: readonly string[];
  readonly timeoutMs: number;
}

const CA_ERRORS = /UNABLE_TO|SELF_SIGNED|CERT_|ERR_TLS_CERT/;

export function dial({ server, tls, protocols, timeoutMs }: DialOptions): Promise<Socket | TLSSocket> {
  const secure = server.protocol === "https:";
  const host = hostOf(server);
  const port = Number(server.port || (secure ? 443 : 80));
  const socket = secure
    ? connectTls({ host, port, ALPNProtocols: [...protocols], ...tlsOptions(tls, host) })
    : connectTcp({ host, port });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => fail(new TransportError("timeout", `${server.origin} did not answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.on("error", () => {});
      socket.destroy();
      reject(dialError(server, error));
    };
    socket.once("error", fail);
    socket.once(secure ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      socket.off("error", fail);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 30_000);
      resolve(socket);
    });
  });
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

function dialError(server: URL, cause: Error): TransportError {
  if (cause instanceof TransportError) return cause;
  const { code = "" } = cause as NodeJS.ErrnoException;
  if (CA_ERRORS.test(code)) {
    return new TransportError("untrusted", `the certificate of ${server.origin} is not trusted: ${cause.message}`, {
      cause,
    });
  }
  return new TransportError("unreachable", `${server.origin} cannot be reached: ${cause.message || code}`, { cause });
}
