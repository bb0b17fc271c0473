/** The rules of a NetworkPolicy in words. */
import type {
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from "@kubets/api/generated/types/networking-v1";
import { selectorText } from "./selector-text.ts";

export interface PolicyWords {
  readonly pods: string;
  /** Undefined where the policy leaves it alone; nothing is let through where it is empty. */
  readonly ingress?: readonly string[];
  readonly egress?: readonly string[];
}

export function policyWords({ podSelector, policyTypes, ingress = [], egress = [] }: NetworkPolicySpec): PolicyWords {
  const types = policyTypes ?? ["Ingress", ...(egress.length > 0 ? ["Egress"] : [])];
  return {
    pods: podsText(podSelector),
    ...(types.includes("Ingress") && {
      ingress: ingress.map(({ from, ports }) => `from ${peersText(from)}, ${portsText(ports)}`),
    }),
    ...(types.includes("Egress") && {
      egress: egress.map(({ to, ports }) => `to ${peersText(to)}, ${portsText(ports)}`),
    }),
  };
}

const podsText = (selector: NetworkPolicySpec["podSelector"]): string => {
  const text = selectorText(selector ?? {});
  return text ? `pods with ${text}` : "all pods";
};

const peersText = (peers: readonly NetworkPolicyPeer[] = []): string =>
  peers.length === 0 ? "anywhere" : peers.map(peerText).join(" or ");

function peerText({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer): string {
  if (ipBlock) return `${ipBlock.cidr}${ipBlock.except?.length ? ` without ${ipBlock.except.join(", ")}` : ""}`;
  const pods = podsText(podSelector ?? {});
  if (!namespaceSelector) return `${pods} of this namespace`;
  const namespaces = selectorText(namespaceSelector);
  return `${pods} of ${namespaces ? `namespaces with ${namespaces}` : "all namespaces"}`;
}

const portsText = (ports: readonly NetworkPolicyPort[] = []): string =>
  ports.length === 0
    ? "any port"
    : `${ports.length === 1 ? "port" : "ports"} ${ports
        .map(({ protocol = "TCP", port, endPort }) => `${port ?? "any"}${endPort ? `-${endPort}` : ""}/${protocol}`)
        .join(", ")}`;
