/** Opens connections to a server, with TLS and the choice of protocol that comes with it. */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { connectThrough, type Proxy } from "./proxy.ts";
import { hostOf, type TlsOptions, tlsOptions } from "./tls-options.ts";
import { TransportError } from "./transport.ts";

interface DialOptions {
  readonly server: URL;
  readonly tls: TlsOptions;
  readonly protocols: readonly string[];
  readonly timeoutMs: number;
  readonly proxy?: Proxy | undefined;
}

const CA_ERRORS = /UNABLE_TO|SELF_SIGNED|CERT_|ERR_TLS_CERT/;

export async function dial({ server, tls, protocols, timeoutMs, proxy }: DialOptions): Promise<Socket | TLSSocket> {
  const secure = server.protocol === "https:";
  const host = hostOf(server);
  const port = Number(server.port || (secure ? 443 : 80));
  const way = proxy && (await throughProxy(proxy, server, host, port, timeoutMs));
  if (way && !secure) return way;
  const place = way ? { socket: way } : { host, port };
  const socket = secure
    ? connectTls({ ...place, ALPNProtocols: [...protocols], ...tlsOptions(tls, host) })
    : connectTcp({ host, port });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(tooLate(server, timeoutMs)), timeoutMs);
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

async function throughProxy(proxy: Proxy, server: URL, host: string, port: number, timeoutMs: number): Promise<Socket> {
  const late = AbortSignal.timeout(timeoutMs);
  return connectThrough(proxy, host, port, late).catch((error: Error) => {
    throw dialError(server, late.aborted ? tooLate(server, timeoutMs) : error);
  });
}

export const tooLate = (server: URL, timeoutMs: number): TransportError =>
  new TransportError("timeout", `${server.origin} did not answer within ${timeoutMs} ms`);

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
