/**
 * Connections through a proxy: by CONNECT of HTTP (http://, https://) or by SOCKS 5 (socks5://, socks5h://). The server's name goes to the
 * proxy, which looks it up. A name and password of the proxy's URL are shown to it.
 */
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { joinHostPort, parseIp } from "@kubets/machinery/ip";
import { tunnel } from "./connect-tunnel.ts";
import type { Dialer } from "./dialing-agent.ts";
import { hostOf, type TlsOptions, tlsOptions } from "./tls-options.ts";

const LONGEST_MS = 30_000;
const PROTOCOLS = ["http:", "https:", "socks5:", "socks5h:"];

export const isProxyUrl = (text: string): boolean =>
  URL.canParse(text) && PROTOCOLS.includes(new URL(text).protocol) && new URL(text).hostname !== "";

/** Leads everywhere through the proxy, which `tls` trusts where its URL is one of https://. Rejects with what the proxy, or the way to it, says against it. */
export const proxyDialer =
  (proxy: URL, tls: TlsOptions): Dialer =>
  async (host, port) => {
    const signal = AbortSignal.timeout(LONGEST_MS);
    const dial = proxy.protocol.startsWith("socks5") ? bySocks : byConnect;
    try {
      return await dial({ proxy, tls, host, port, signal });
    } catch (error) {
      throw new Error(`proxy ${proxy.host}: ${(error as Error).message}`, { cause: error });
    }
  };

interface Wanted {
  readonly proxy: URL;
  readonly tls: TlsOptions;
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
}

async function byConnect({ proxy, tls, host, port, signal }: Wanted): Promise<Socket> {
  const secure = proxy.protocol === "https:";
  const place = { host: hostOf(proxy), port: Number(proxy.port || (secure ? 443 : 80)) };
  const socket = secure ? connectTls({ ...place, ...tlsOptions(tls, place.host) }) : connectTcp(place);
  try {
    await once(socket, secure ? "secureConnect" : "connect", { signal });
    const { username, password } = loginOf(proxy);
    const login = username && `${username}:${password}`;
    await tunnel(socket, { proxy: proxy.host, target: joinHostPort(host, port), signal, ...(login && { login }) });
    return socket;
  } catch (error) {
    socket.on("error", () => {}).destroy();
    throw error;
  }
}

const loginOf = ({ username, password }: URL) => ({
  username: decodeURIComponent(username),
  password: decodeURIComponent(password),
});

const SOCKS = {
  version: 5,
  nobody: 0,
  password: 2,
  passwordVersion: 1,
  connect: 1,
  ipv4: 1,
  name: 3,
  ipv6: 4,
} as const;
const SOCKS_REFUSALS: Readonly<Record<number, string>> = {
  1: "general failure",
  2: "not allowed by its rules",
  3: "network unreachable",
  4: "host unreachable",
  5: "connection refused",
  6: "time to live expired",
  7: "it knows no such command",
  8: "it knows no such address",
};

async function bySocks({ proxy, host, port, signal }: Wanted): Promise<Socket> {
  const socket = connectTcp({ host: hostOf(proxy), port: Number(proxy.port || 1080), signal });
  try {
    const { username, password } = loginOf(proxy);
    socket.write(Buffer.from([SOCKS.version, ...counted(username ? [SOCKS.nobody, SOCKS.password] : [SOCKS.nobody])]));
    const [version, way] = await take(socket, 2);
    if (version !== SOCKS.version) throw new Error("it does not speak SOCKS 5");
    if (way === SOCKS.password) {
      const login = [username, password].flatMap((text) => counted(Buffer.from(text)));
      socket.write(Buffer.from([SOCKS.passwordVersion, ...login]));
      const [, isRefused] = await take(socket, 2);
      if (isRefused) throw new Error("it refuses the name and password");
    } else if (way !== SOCKS.nobody) throw new Error("it wants to know who asks, in a way that is not known");
    socket.write(Buffer.from([SOCKS.version, SOCKS.connect, 0, ...addressOf(host), port >> 8, port & 0xff]));
    const [, refusal = 0, , kind] = await take(socket, 4);
    if (refusal) throw new Error(`${SOCKS_REFUSALS[refusal] ?? `refused (${refusal})`}: ${joinHostPort(host, port)}`);
    // From where the proxy asks: nobody needs it.
    const length = kind === SOCKS.ipv4 ? 4 : kind === SOCKS.ipv6 ? 16 : (await take(socket, 1))[0];
    await take(socket, (length ?? 0) + 2);
    return socket;
  } catch (error) {
    socket.on("error", () => {}).destroy();
    throw error;
  }
}

const counted = (bytes: Iterable<number> & { readonly length: number }): number[] => [bytes.length, ...bytes];

function addressOf(host: string): number[] {
  const ip = parseIp(host);
  if (!ip) return [SOCKS.name, ...counted(Buffer.from(host))];
  return [ip.family === 4 ? SOCKS.ipv4 : SOCKS.ipv6, ...ip.toBytes()];
}

/** So many bytes; what comes behind them stays with the socket. */
function take(socket: Socket, count: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const look = () => {
    const bytes = socket.read(count) as Buffer | null;
    if (bytes) resolve(bytes);
  };
  const ended = () => reject(new Error("it ended the connection"));
  socket.on("readable", look).once("error", reject).once("end", ended);
  look();
  return promise.finally(() => socket.off("readable", look).off("error", reject).off("end", ended));
}
