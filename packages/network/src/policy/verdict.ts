/**
 * Whether policies let a connection through, and which: read off the policies one by one, without any of the tables that the packets meet.
 * `kubets why net` says it to people, and tests hold the tables against it.
 */
import { parseCidr, parseIp } from "@kubets/machinery";
import type { BlockPeer, CompiledPolicy, CompiledRule, Direction, Peer, PolicyPort } from "./compile.ts";
import type { PolicyPod } from "./policy-pod.ts";

/** An end of a connection: a pod, or some address that is none. */
export interface Party {
  readonly ip: string;
  readonly pod?: PolicyPod;
}

export interface Connection {
  readonly from: Party;
  readonly to: Party;
  readonly protocol: string;
  readonly port: number;
}

export interface Verdict {
  readonly allowed: boolean;
  /** What each side says: undefined where nothing restricts it. */
  readonly egress?: SideVerdict;
  readonly ingress?: SideVerdict;
}

export interface SideVerdict {
  readonly allowed: boolean;
  /** The policies that select the pod in this direction. */
  readonly selecting: readonly string[];
  /** Those of them that let the connection through. */
  readonly allowing: readonly string[];
}

export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>>;

export function verdictOf(
  connection: Connection,
  policies: readonly CompiledPolicy[],
  labelsOf: NamespaceLabels,
): Verdict {
  const { from, to } = connection;
  // Nobody can be kept from oneself.
  if (from.pod && from.pod.key === to.pod?.key) return { allowed: true };
  const egress = side("egress", from.pod, connection, policies, labelsOf);
  const ingress = side("ingress", to.pod, connection, policies, labelsOf);
  return {
    allowed: (egress?.allowed ?? true) && (ingress?.allowed ?? true),
    ...(egress && { egress }),
    ...(ingress && { ingress }),
  };
}

function side(
  direction: Direction,
  self: PolicyPod | undefined,
  connection: Connection,
  policies: readonly CompiledPolicy[],
  labelsOf: NamespaceLabels,
): SideVerdict | undefined {
  if (!self) return undefined;
  const selecting = policies.filter((policy) => policy[direction] && selects(policy, self));
  if (selecting.length === 0) return undefined;
  const other = direction === "ingress" ? connection.from : connection.to;
  const allowing = selecting.filter((policy) =>
    policy[direction]?.some((rule) => lets(rule, other, connection, labelsOf)),
  );
  return {
    allowed: allowing.length > 0,
    selecting: selecting.map(({ key }) => key),
    allowing: allowing.map(({ key }) => key),
  };
}

export const selects = ({ namespace, pods }: CompiledPolicy, pod: PolicyPod): boolean =>
  namespace === pod.namespace && pods.matches(pod.labels);

function lets({ peers, ports }: CompiledRule, other: Party, connection: Connection, labelsOf: NamespaceLabels) {
  if (peers && !peers.some((peer) => isPeer(peer, other, labelsOf))) return false;
  return !ports || ports.some((port) => isPort(port, connection));
}

function isPeer(peer: Peer, { ip, pod }: Party, labelsOf: NamespaceLabels): boolean {
  if ("cidr" in peer) return inBlock(peer, ip);
  if (!pod || !peer.pods.matches(pod.labels)) return false;
  return peer.namespaces ? peer.namespaces.matches(labelsOf(pod.namespace)) : peer.namespace === pod.namespace;
}

function inBlock({ cidr, except }: BlockPeer, ip: string): boolean {
  const address = parseIp(ip);
  const holds = (range: string) => address !== undefined && (parseCidr(range)?.contains(address) ?? false);
  return holds(cidr) && !except.some(holds);
}

/** A port's name is what the pod that is reached calls it. */
function isPort({ protocol, port, endPort }: PolicyPort, { protocol: used, port: number, to }: Connection): boolean {
  if (protocol !== used) return false;
  if (port === undefined) return true;
  if (typeof port === "number") return number >= port && number <= (endPort ?? port);
  return to.pod?.namedPorts.some((n) => n.name === port && n.protocol === used && n.port === number) ?? false;
}
