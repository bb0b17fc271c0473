/** The ranges that this machine's routes and addresses take up, from what `ip -j` prints. */
import { parseCidr, parseIp } from "@kubets/machinery";
import { run } from "../namespaces/collect.ts";

interface Route {
  readonly dst?: string;
}
interface Link {
  readonly ifname?: string;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

export function machineRanges(routes: readonly Route[], links: readonly Link[]): string[] {
  const found = new Set<string>();
  for (const { dst } of routes) {
    if (!dst || dst === "default") continue;
    const range = parseCidr(dst.includes("/") ? dst : `${dst}/${parseIp(dst)?.bits ?? 0}`);
    if (range && range.prefix > 0) found.add(range.toString());
  }
  for (const { addr_info = [] } of links) {
    for (const { local, prefixlen } of addr_info) {
      const range = parseCidr(`${local}/${prefixlen}`);
      if (range) found.add(range.toString());
    }
  }
  return [...found];
}

export async function readMachineRanges(): Promise<string[]> {
  const [routes, routes6, links] = await Promise.all([
    run("ip", ["-j", "-4", "route", "show", "table", "all"]),
    run("ip", ["-j", "-6", "route"]),
    run("ip", ["-j", "addr"]),
  ]);
  return machineRanges([...list<Route>(routes), ...list<Route>(routes6)], list<Link>(links));
}

const list = <T>(text: string): T[] => (text.trim() ? (JSON.parse(text) as T[]) : []);
