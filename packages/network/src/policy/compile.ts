/**
 * A NetworkPolicy made ready to be asked: selectors parsed, peers told apart, what is left out filled in.
 * Holds: a direction that is undefined is not restricted by the policy; one without rules lets nothing through; ranges of addresses are in the
 * one form of each, and a block that is none holds nobody.
 */
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from "@kubets/api/generated/types/networking-v1";
import { everything, type LabelSelector, labelSelectorOf, parseCidr } from "@kubets/machinery";

export type Direction = "ingress" | "egress";

export interface CompiledPolicy {
  readonly key: string;
  readonly namespace: string;
  readonly pods: LabelSelector;
  readonly ingress?: readonly CompiledRule[];
  readonly egress?: readonly CompiledRule[];
}

export interface CompiledRule {
  /** Undefined: everybody. */
  readonly peers?: readonly Peer[];
  /** Undefined: all ports of all protocols. */
  readonly ports?: readonly PolicyPort[];
}

export type Peer = PodPeer | BlockPeer;

/** Pods, of one namespace or of those that a selector finds. */
export interface PodPeer {
  readonly namespace?: string;
  readonly namespaces?: LabelSelector;
  readonly pods: LabelSelector;
}

export interface BlockPeer {
  readonly cidr: string;
  readonly except: readonly string[];
}

export interface PolicyPort {
  readonly protocol: string;
  /** Undefined: all of the protocol. */
  readonly port?: number | string;
  readonly endPort?: number;
}

export function compilePolicy({ metadata, spec }: NetworkPolicy): CompiledPolicy {
  const { namespace, name } = metadata;
  const types = spec.policyTypes ?? ["Ingress", ...(spec.egress?.length ? ["Egress"] : [])];
  return {
    key: `${namespace}/${name}`,
    namespace,
    pods: labelSelectorOf(spec.podSelector),
    ...(types.includes("Ingress") && {
      ingress: (spec.ingress ?? []).map(({ from, ports }) => compileRule(namespace, from, ports)),
    }),
    ...(types.includes("Egress") && {
      egress: (spec.egress ?? []).map(({ to, ports }) => compileRule(namespace, to, ports)),
    }),
  };
}

function compileRule(
  namespace: string,
  peers: readonly NetworkPolicyPeer[] | undefined,
  ports: readonly NetworkPolicyPort[] | undefined,
): CompiledRule {
  return {
    ...(peers?.length && { peers: peers.flatMap((peer) => compilePeer(namespace, peer) ?? []) }),
    ...(ports?.length && {
      ports: ports.map(({ protocol, port, endPort }) => ({
        protocol: (protocol ?? "TCP").toLowerCase(),
        ...(port !== undefined && { port }),
        ...(endPort !== undefined && { endPort }),
      })),
    }),
  };
}

function compilePeer(
  namespace: string,
  { ipBlock, podSelector, namespaceSelector }: NetworkPolicyPeer,
): Peer | undefined {
  if (ipBlock) return compileBlock(ipBlock);
  const pods = podSelector ? labelSelectorOf(podSelector) : everything;
  return namespaceSelector ? { namespaces: labelSelectorOf(namespaceSelector), pods } : { namespace, pods };
}

function compileBlock({ cidr, except = [] }: IPBlock): BlockPeer | undefined {
  const ranges = [cidr, ...except].map((range) => parseCidr(range)?.toString());
  // An exception that cannot be read may not let through what it was to keep out.
  if (!ranges.every((range) => range !== undefined)) return undefined;
  const [whole = "", ...out] = ranges;
  return { cidr: whole, except: out };
}
