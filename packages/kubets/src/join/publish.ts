/**
 * What a cluster publishes so that nodes and servers can join it: its description for anyone, the rights of those who come with a token (under the names that
 * kubeadm gives them), and for nodes the settings that all of them share.
 */
import { clusterroles, configmaps, rolebindings, roles } from "@kubets/api/generated/refs";
import type { Subject } from "@kubets/api/generated/types/rbac-v1";
import { NODE_GROUP } from "@kubets/client/certificates/node-wishes";
import type { Client } from "@kubets/client/client";
import { BY, bind, RBAC_GROUP, subject } from "../addons/grant.ts";
import { type ClusterInfo, clusterInfoText, INFO_NAME, INFO_NAMESPACE } from "./cluster-info.ts";
import { ORDERS_KEY } from "./renewal-orders.ts";
import { KEYS_NAME } from "./server-keys.ts";
import { NODE_TOKEN_GROUP, SERVER_TOKEN_GROUP } from "./token.ts";

/** What all nodes must agree on. */
export interface ClusterSettings {
  readonly podRanges: readonly string[];
  readonly serviceRanges: readonly string[];
  readonly dnsAddress: string;
  readonly clusterDomain: string;
  readonly addons: readonly string[];
}

export const SETTINGS_KEY = { namespace: "kube-system", name: "kubets-cluster" } as const;

const group = (name: string): Subject => subject("Group", name);
const SIGNING = "system:certificates.k8s.io:certificatesigningrequests";

export async function publishJoining(client: Client, info: ClusterInfo, settings: ClusterSettings): Promise<void> {
  await Promise.all([
    publishInfo(client, info),
    client.apply(
      configmaps,
      { apiVersion: "v1", kind: "ConfigMap", metadata: SETTINGS_KEY, data: { settings: JSON.stringify(settings) } },
      BY,
    ),
    mayRead(client, INFO_NAMESPACE, "kubeadm:bootstrap-signer-clusterinfo", "configmaps", INFO_NAME, [
      subject("User", "system:anonymous"),
    ]),
    mayRead(client, SETTINGS_KEY.namespace, "kubets:cluster-settings", "configmaps", SETTINGS_KEY.name, [
      group(NODE_GROUP),
      group(NODE_TOKEN_GROUP),
      group(SERVER_TOKEN_GROUP),
    ]),
    mayRead(client, ORDERS_KEY.namespace, "kubets:certificate-orders", "configmaps", ORDERS_KEY.name, [
      group(NODE_GROUP),
    ]),
    mayRead(client, SETTINGS_KEY.namespace, "kubets:server-keys", "secrets", KEYS_NAME, [group(SERVER_TOKEN_GROUP)]),
    bind(client, "kubeadm:kubelet-bootstrap", "system:node-bootstrapper", group(NODE_TOKEN_GROUP)),
    bind(client, "kubeadm:node-autoapprove-bootstrap", `${SIGNING}:nodeclient`, group(NODE_TOKEN_GROUP)),
    bind(client, "kubeadm:node-autoapprove-certificate-rotation", `${SIGNING}:selfnodeclient`, group(NODE_GROUP)),
    mayLookAtNodes(client),
  ]);
}

/** Signatures in it are the signer's: they are not ours to take away. */
async function publishInfo(client: Client, info: ClusterInfo): Promise<void> {
  await client.apply(
    configmaps,
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace: INFO_NAMESPACE, name: INFO_NAME },
      data: { kubeconfig: clusterInfoText(info) },
    },
    BY,
  );
}

/** Who joins sees whether there is a node of its name already. */
async function mayLookAtNodes(client: Client): Promise<void> {
  const name = "kubeadm:get-nodes";
  await client.apply(
    clusterroles,
    {
      apiVersion: `${RBAC_GROUP}/v1`,
      kind: "ClusterRole",
      metadata: { name },
      rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["get"] }],
    },
    BY,
  );
  await bind(client, name, name, group(NODE_TOKEN_GROUP));
}

async function mayRead(
  client: Client,
  namespace: string,
  name: string,
  resource: string,
  resourceName: string,
  subjects: readonly Subject[],
): Promise<void> {
  const metadata = { namespace, name };
  const rules = [
    { apiGroups: [""], resources: [resource], resourceNames: [resourceName], verbs: ["get", "list", "watch"] },
  ];
  await client.apply(roles, { apiVersion: `${RBAC_GROUP}/v1`, kind: "Role", metadata, rules }, BY);
  await client.apply(
    rolebindings,
    {
      apiVersion: `${RBAC_GROUP}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: RBAC_GROUP, kind: "Role", name },
      subjects: [...subjects],
    },
    BY,
  );
}
