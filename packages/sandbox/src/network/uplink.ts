/**
 * The way out of a cluster through the host: a link, forwarding, one masqueraded address.
 * Holds: each change of the host is told; all are found again by the link's and the table's names. Where the host's firewall drops what is
 * forwarded (Docker's does), the link is let through in the chain that is meant for it.
 */
import type { Logger } from "@kubets/machinery";
import type { ClusterPlace } from "../inventory/place.ts";
import { holdSetting } from "../inventory/shared-setting.ts";
import { run, tryRun } from "../namespaces/collect.ts";
import type { Scope } from "../namespaces/driver.ts";
import { applyLines, applyRules } from "./apply.ts";
import { uplinkHostLines, uplinkHostRules, uplinkInsideLines, uplinkInsideRules } from "./commands.ts";
import type { NetworkPlan } from "./plan.ts";

export async function openUplink(
  place: ClusterPlace,
  plan: NetworkPlan,
  inside: Scope & { net: string },
  log: Logger,
): Promise<void> {
  await applyLines({}, uplinkHostLines(plan, place.link, inside.net));
  await applyLines(inside, uplinkInsideLines(plan));
  await applyRules(inside, uplinkInsideRules());
  await applyRules({}, uplinkHostRules(plan, place.table, place.link));
  if (await holdSetting(place, "net/ipv4/ip_forward", "1"))
    log.info("forwarding is on while the cluster runs", { setting: "net.ipv4.ip_forward" });
  log.info("the cluster reaches out through this machine", { link: place.link, table: place.table });
  const chain = await droppingChain();
  if (!chain) return;
  for (const rule of passRules(place.link)) await run("iptables", ["-w", "-I", chain, ...rule]);
  log.info("the firewall lets the cluster's link through", { chain, link: place.link });
}

const passRules = (link: string): string[][] => [
  ["-i", link, "-j", "ACCEPT"],
  ["-o", link, "-j", "ACCEPT"],
];

/** The chain in which the host's iptables must let a link through, if they drop by default. */
async function droppingChain(): Promise<string | undefined> {
  if ((await listRules("DOCKER-USER")).length > 0) return "DOCKER-USER";
  return (await listRules("FORWARD")).includes("-P FORWARD DROP") ? "FORWARD" : undefined;
}

async function listRules(chain?: string): Promise<string[]> {
  const listed = await tryRun("iptables", ["-w", "-S", ...(chain ? [chain] : [])]).catch(() => undefined);
  return listed?.code === 0 ? listed.stdout.split("\n").filter(Boolean) : [];
}

/** Rules of iptables that name the link. */
export const rulesNaming = async (link: string): Promise<string[]> =>
  (await listRules()).filter((rule) => rule.startsWith("-A ") && rule.split(" ").includes(link));

export async function closeUplink(place: ClusterPlace): Promise<void> {
  for (const rule of await rulesNaming(place.link)) await run("iptables", ["-w", "-D", ...rule.split(" ").slice(1)]);
  await tryRun("ip", ["link", "delete", place.link]);
  await tryRun("nft", ["delete", "table", "ip", place.table]);
}
