/** How commands of the program reach a cluster: by a kubeconfig that they are told, else by the cluster's own, else as kubectl would. */
import { existsSync } from "node:fs";
import type { Client } from "@kubets/client/client";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { kubeconfigPaths } from "@kubets/client/kubeconfig/kubeconfig";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { defineFlags, file, text } from "@kubets/machinery/flags";
import { clusterFlag } from "../up/options.ts";
import { clusterHome } from "./home.ts";

export const connectionFlags = defineFlags({
  cluster: clusterFlag,
  kubeconfig: file({ help: "How to reach the cluster; the cluster's own by default." }),
  context: text({ help: "Which context of your kubeconfig to use, instead of a cluster of this machine." }),
});

export interface ConnectionFlags {
  readonly cluster: string;
  readonly kubeconfig: string;
  readonly context?: string;
}

export async function connectionTo({ kubeconfig, cluster, context = "" }: ConnectionFlags) {
  const own = clusterHome(cluster).kubeconfig;
  const path = kubeconfig || (!context && existsSync(own) ? own : "");
  const reading = machineReading();
  if (
    !path &&
    !reading.env.KUBERNETES_SERVICE_HOST &&
    !kubeconfigPaths(undefined, reading).some((each) => existsSync(each))
  )
    throw new ExitError(
      exitCode.failure,
      "there is no cluster to work with: `kubets up` starts one, --kubeconfig names the file of another",
    );
  return connectionFrom({ ...(path && { kubeconfig: path }), ...(context && { context }) }, reading);
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
