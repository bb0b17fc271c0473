/** What the pod network of nodes needs of the cluster: to know policies, and the pods and namespaces that they speak of. */
import type { Client } from "@kubets/client/client";
import { grant } from "./grant.ts";

/** The user as whom the networks of nodes come. */
export const NETWORK_USER = "system:kubets:network";

export const grantNetwork = (client: Client): Promise<void> =>
  grant(client, NETWORK_USER, [
    { apiGroups: [""], resources: ["pods", "namespaces", "nodes"], verbs: ["list", "watch"] },
    { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["list", "watch"] },
  ]);
