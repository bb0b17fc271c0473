/** How commands of the program reach a cluster: by a kubeconfig that they are told, else by the cluster's own, else as kubectl would. */
import { existsSync } from "node:fs";
import type { Client } from "@kubets/client/client";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { defineFlags, file } from "@kubets/machinery/flags";
import { clusterFlag } from "../up/options.ts";
import { clusterHome } from "./home.ts";

export const connectionFlags = defineFlags({
  cluster: clusterFlag,
  kubeconfig: file({ help: "How to reach the cluster; the cluster's own by default." }),
});

export interface ConnectionFlags {
  readonly cluster: string;
  readonly kubeconfig: string;
}

export function connectionTo({ kubeconfig, cluster }: ConnectionFlags) {
  const own = clusterHome(cluster).kubeconfig;
  const path = kubeconfig || (existsSync(own) ? own : "");
  return connectionFrom(
    path ? { kubeconfig: path } : {},
    machineReading(() => {}),
  );
}

/** `work` gets the client, and the kubeconfig's address of the server and authority. */
export async function withCluster<T>(
  flags: ConnectionFlags,
  work: (client: Client, connection: Awaited<ReturnType<typeof connectionTo>>) => Promise<T>,
): Promise<T> {
  const connection = await connectionTo(flags);
  const { client, transport } = await openClient(connection, "kubets");
  try {
    return await work(client, connection);
  } finally {
    await transport.close();
  }
}
