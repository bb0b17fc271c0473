/**
 * Connections through a proxy: by CONNECT of HTTP (http://, https://) or by SOCKS 5 (socks5://, socks5h://). The server's name goes to the
 * proxy, which looks it up. A name and password of the proxy's URL are shown to it.
 */
import type { AgentOptions, Agent as PlainAgent } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { joinHostPort, parseIp } from "@kubets/machinery/ip";
import { Agent as HttpAgent, request as httpRequest } from "@kubets/machinery/node-http";
import { hostOf, type TlsOptions, tlsOptions } from "./tls-options.ts";

export interface Proxy {
  readonly url: URL;
  /** Trusted by the proxy at an https:// URL, and trusting it. */
  readonly tls?: TlsOptions;
}

const PROTOCOLS = ["http:", "https:", "socks5:", "socks5h:"];

export const isProxyUrl = (text: string): boolean =>
  URL.canParse(text) && PROTOCOLS.includes(new URL(text).protocol) && new URL(text).hostname !== "";

/** Rejects with what the proxy, or the way to it, says against it. */
export function connectThrough(proxy: Proxy, host: string, port: number, signal?: AbortSignal): Promise<Socket> {
  const connected = proxy.url.protocol.startsWith("socks5")
    ? bySocks(proxy.url, host, port, signal)
    : byConnect(proxy, joinHostPort(host, port), signal);
  return connected.catch((cause: Error) => {
    throw new Error(`proxy ${proxy.url.host}: ${cause.message}`, { cause });
  });
}

/** Makes its connections through the proxy. */
export function agentThrough(proxy: Proxy, secure: boolean, options: AgentOptions): PlainAgent | HttpsAgent {
  const agent = secure ? new HttpsAgent(options) : new HttpAgent(options);
  agent.createConnection = (to, done) => {
    connectThrough(proxy, String(to.host), Number(to.port)).then(
      (socket) => done?.(null, secure ? connectTls({ ...(to as ConnectionOptions), socket }) : socket),
      (error: Error) => done?.(error, undefined as unknown as Duplex),
    );
    return undefined;
  };
  return agent;
}

function byConnect({ url, tls = {} }: Proxy, place: string, signal: AbortSignal | undefined): Promise<Socket> {
  const secure = url.protocol === "https:";
  const { username, password } = loginOf(url);
  const login = Buffer.from(`${username}:${password}`).toString("base64");
  const request = (secure ? httpsRequest : httpRequest)({
    host: hostOf(url),
    port: url.port || (secure ? 443 : 80),
    method: "CONNECT",
    path: place,
    headers: { host: place, ...(username && { "proxy-authorization": `Basic ${login}` }) },
    agent: false,
    ...(secure && { ...tlsOptions(tls, hostOf(url)), ALPNProtocols: ["http/1.1"] }),
    ...(signal && { signal }),
  });
  return new Promise((resolve, reject) => {
    request.once("error", reject);
    request.once("connect", ({ statusCode, statusMessage }, socket, head) => {
      if (statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket as Socket);
      } else {
        socket.destroy();
        reject(new Error(`it answered ${statusCode} ${statusMessage} when asked for ${place}`));
      }
    });
    request.end();
  });
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

async function bySocks(url: URL, host: string, port: number, signal: AbortSignal | undefined): Promise<Socket> {
  const socket = connectTcp({ host: hostOf(url), port: Number(url.port || 1080), ...(signal && { signal }) });
  try {
    const { username, password } = loginOf(url);
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
    socket.on("error", () => {});
    socket.destroy();
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
