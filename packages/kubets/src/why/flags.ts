/** What `kubets why` is told, and how it reaches the cluster that it asks. */
import { existsSync } from "node:fs";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { bool, choice, defineFlags, type FlagValues, file, text } from "@kubets/machinery/flags";
import { clusterHome } from "../cluster/home.ts";
import { clusterFlag } from "../up/options.ts";

export const whyFlags = defineFlags({
  cluster: clusterFlag,
  kubeconfig: file({ help: "How to reach the cluster; the cluster's own by default." }),
  namespace: text({ short: "n", placeholder: "NAMESPACE", help: "The pods' namespace; the kubeconfig's by default." }),
  scheduler: text({ placeholder: "URL", help: "Ask this scheduler, which runs alone: https://127.0.0.1:10259." }),
  all: bool({ help: "All decisions that are kept, not the last one only." }),
  output: choice(["text", "json"], { default: "text", short: "o", help: "How to show it." }),
});

export type WhyFlags = FlagValues<typeof whyFlags>;

export function connectionOf({ kubeconfig, cluster }: WhyFlags) {
  const own = clusterHome(cluster).kubeconfig;
  const path = kubeconfig || (existsSync(own) ? own : "");
  return connectionFrom(
    path ? { kubeconfig: path } : {},
    machineReading(() => {}),
  );
}
