/**
 * The proxy that the environment names for a server: HTTPS_PROXY or HTTP_PROXY, unless NO_PROXY leaves the server out. A server on this machine is
 * always reached directly.
 */
import { parseCidr } from "@kubets/machinery/cidr";
import { type IpAddress, parseIp } from "@kubets/machinery/ip";
import { isProxyUrl } from "@kubets/wire/transport/proxy";
import { PlainError } from "../errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export function environmentProxy(server: string, env: Environment): string | undefined {
  const { protocol, hostname, port } = new URL(server);
  const said = protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const value = setting(env, said);
  if (!value) return undefined;
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const ip = parseIp(host);
  if (host === "localhost" || ip?.isLoopback()) return undefined;
  const place = { host, ip, port: port || (protocol === "https:" ? "443" : "80") };
  if (
    setting(env, "NO_PROXY")
      .split(",")
      .some((entry) => isLeftOut(entry.trim().toLowerCase(), place))
  )
    return undefined;
  const url = value.includes("://") ? value : `http://${value}`;
  if (isProxyUrl(url)) return url;
  throw new PlainError(
    `error: ${said} must be such as http://proxy:3128, https:// or socks5://, but is ${JSON.stringify(value)}`,
  );
}

const setting = (env: Environment, name: string): string => env[name] || env[name.toLowerCase()] || "";

interface Place {
  readonly host: string;
  readonly ip: IpAddress | undefined;
  readonly port: string;
}

/** "*", an address, a range of them, or a domain: with those below it, or by a dot in front those alone; with a port at the end, or for all. */
function isLeftOut(entry: string, { host, ip, port }: Place): boolean {
  if (entry === "") return false;
  if (entry === "*") return true;
  const range = parseCidr(entry);
  if (range) return ip !== undefined && range.contains(ip);
  const { name = "", only } = /^(?<name>\[.*\]|[^:]*|.*:.*:.*?)(?::(?<only>\d+))?$/.exec(entry)?.groups ?? {};
  if (only && only !== port) return false;
  const address = parseIp(name.replace(/^\[|\]$/g, ""));
  if (address) return ip?.equals(address) ?? false;
  const domain = name.replace(/^\*?\./, "");
  return host.endsWith(`.${domain}`) || (domain === name && host === name);
}
