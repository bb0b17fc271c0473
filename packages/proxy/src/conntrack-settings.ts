/**
 * The kernel's connection tracking, as the configuration of the proxy wants it: how many connections it follows, and how long it remembers idle ones.
 * Holds: what is as wanted is not written; what cannot be written (a network namespace may not choose how many connections there are) is told, and stops nothing.
 */
import { readFile, writeFile } from "node:fs/promises";
import type { Logger } from "@kubets/machinery";
import type { KubeProxyConfiguration } from "./config.ts";

export interface KernelSetting {
  readonly file: string;
  readonly value: number;
  /** More than that is as good. */
  readonly atLeast?: true;
  /** Only where this one could be had. */
  readonly then?: KernelSetting;
}

const SYSCTLS = "/proc/sys/net/netfilter/nf_conntrack_";
const BUCKETS = "/sys/module/nf_conntrack/parameters/hashsize";
const CONNECTIONS_IN_BUCKET = 4;

/** Nothing is said by 0, and the kernel's own value stays. */
export function conntrackSettings({ conntrack }: KubeProxyConfiguration, cores: number): KernelSetting[] {
  const { maxPerCore, min, tcpBeLiberal } = conntrack;
  const max = maxPerCore > 0 ? Math.max(maxPerCore * cores, min) : 0;
  const buckets = { file: BUCKETS, value: Math.floor(max / CONNECTIONS_IN_BUCKET), atLeast: true as const };
  const rest = {
    tcp_timeout_established: seconds(conntrack.tcpEstablishedTimeout),
    tcp_timeout_close_wait: seconds(conntrack.tcpCloseWaitTimeout),
    tcp_be_liberal: tcpBeLiberal ? 1 : 0,
    udp_timeout: seconds(conntrack.udpTimeout),
    udp_timeout_stream: seconds(conntrack.udpStreamTimeout),
  };
  return [
    { file: `${SYSCTLS}max`, value: max, then: buckets },
    ...Object.entries(rest).map(([name, value]) => ({ file: `${SYSCTLS}${name}`, value })),
  ].filter(({ value }) => value > 0);
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

export async function applySettings(settings: readonly KernelSetting[], log: Logger): Promise<void> {
  for (const { file, value, atLeast, then } of settings) {
    try {
      const now = Number(await readFile(file, "utf8"));
      if (now !== value && !(atLeast && now > value)) await writeFile(file, `${value}\n`);
      if (then) await applySettings([then], log);
    } catch (error) {
      log.info("connection tracking stays as the machine has it", { setting: file, wanted: value, error });
    }
  }
}
