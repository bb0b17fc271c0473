/** Where the kubelet of a node is, and how this server shows who it is to it. */
import type { Node } from "@kubets/api/generated/types/core-v1";
import { badRequest, serviceUnavailable } from "@kubets/machinery";

export interface NodeConnection {
  /** The certificate that the server shows to kubelets, and the authority that it checks theirs by. */
  readonly tls: { readonly key?: string; readonly cert?: string; readonly ca?: string };
  /** The kinds of address to try, in order (--kubelet-preferred-address-types). */
  readonly addressTypes: readonly string[];
}

interface KubeletAddress {
  readonly host: string;
  readonly port: number;
}

export function kubeletOf({ addressTypes }: NodeConnection, node: Node | undefined, name: string): KubeletAddress {
  if (!node) throw badRequest(`node ${JSON.stringify(name)} is not there`);
  for (const type of addressTypes) {
    const address = node.status.addresses?.find((a) => a.type === type)?.address;
    if (address) return { host: address, port: node.status.daemonEndpoints.kubeletEndpoint.Port || 10250 };
  }
  throw serviceUnavailable(
    `no preferred addresses found; known addresses: ${JSON.stringify(node.status.addresses ?? [])}`,
  );
}
