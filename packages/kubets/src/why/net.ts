/** `kubets why net`: whether network policies let a connection pass, and which; read off the policies as they stand in the API. */
import { namespaces, networkpolicies, pods } from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client/client";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { parseIp } from "@kubets/machinery";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { compilePolicy } from "@kubets/network/policy/compile";
import { policyPod } from "@kubets/network/policy/policy-pod";
import { type Connection, type Party, type SideVerdict, type Verdict, verdictOf } from "@kubets/network/policy/verdict";
import { connectionTo } from "../cluster/connection.ts";
import type { WhyFlags } from "./flags.ts";

const FORM = /^(\S+?) +(?:-> *)?(\[[^\]]+\]|[^\s:]+):([\w-]+)(?:\/(tcp|udp|sctp))?$/i;

export async function whyNet(text: string, flags: WhyFlags): Promise<string> {
  const [, from = "", to = "", port = "", protocol = "tcp"] = FORM.exec(text.trim()) ?? [];
  if (!port)
    throw new ExitError(
      exitCode.usage,
      "name both ends and the port: kubets why net FROM TO:PORT, with [NAMESPACE/]POD or an address for each end",
    );
  const connection = await connectionTo(flags);
  const { client, transport } = await openClient(connection, "kubets-why");
  try {
    const namespace = flags.namespace || connection.namespace || "default";
    const ends = { from: await partyOf(client, namespace, from), to: await partyOf(client, namespace, to) };
    const asked = { ...ends, protocol: protocol.toLowerCase(), port: portOf(port, ends.to, protocol) };
    const verdict = await judge(client, asked);
    return flags.output === "json" ? `${JSON.stringify(verdict, undefined, 2)}\n` : verdictText(asked, verdict);
  } finally {
    await transport.close();
  }
}

async function partyOf(client: Client, namespace: string, text: string): Promise<Party> {
  const address = text.replace(/^\[|\]$/g, "");
  if (parseIp(address)) return { ip: address };
  const [name = "", inNamespace = namespace] = text.split("/").toReversed();
  const pod = await client.get(pods, { namespace: inNamespace, name });
  const known = policyPod(pod);
  if (known) return { ip: known.ips[0] as string, pod: known };
  if (pod.spec.hostNetwork && pod.status.podIP) return { ip: pod.status.podIP };
  throw new ExitError(exitCode.failure, `pod ${inNamespace}/${name} has no address: its phase is ${pod.status.phase}`);
}

function portOf(port: string, { pod }: Party, protocol: string): number {
  if (/^\d+$/.test(port)) return Number(port);
  const named = pod?.namedPorts.find((p) => p.name === port && p.protocol === protocol.toLowerCase());
  if (named) return named.port;
  const has = pod?.namedPorts.map((p) => `${p.name}/${p.protocol.toUpperCase()}`).join(", ") || "none";
  throw new ExitError(
    exitCode.failure,
    `there is no ${protocol.toUpperCase()} port called ${port}; the names there are: ${has}`,
  );
}

async function judge(client: Client, connection: Connection): Promise<Verdict> {
  const [policies, spaces] = await Promise.all([client.list(networkpolicies), client.list(namespaces)]);
  const labels = new Map(spaces.items.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
  return verdictOf(connection, policies.items.map(compilePolicy), (name) => labels.get(name) ?? {});
}

export function verdictText({ from, to, protocol, port }: Connection, { allowed, egress, ingress }: Verdict): string {
  const name = ({ ip, pod }: Party) => (pod ? `${pod.key} (${ip})` : ip);
  const lines = [
    `${name(from)} -> ${name(to)} ${protocol.toUpperCase()} ${port}: ${allowed ? "passes" : "does not pass"}`,
    sideText(`out of ${from.pod?.key ?? from.ip}`, egress, from),
    sideText(`into ${to.pod?.key ?? to.ip}`, ingress, to),
  ];
  return `${lines.join("\n")}\n`;
}

function sideText(side: string, verdict: SideVerdict | undefined, { pod }: Party): string {
  if (!pod) return `  ${side}: no pod of the pod network, so policies do not concern it`;
  if (!verdict) return `  ${side}: no policy restricts it`;
  const policies = (names: readonly string[]) => `${names.length === 1 ? "policy" : "policies"} ${names.join(", ")}`;
  if (verdict.allowed) return `  ${side}: let through by ${policies(verdict.allowing)}`;
  return `  ${side}: restricted by ${policies(verdict.selecting)}, which ${verdict.selecting.length === 1 ? "does" : "do"} not let it through`;
}
