/** What `kubets why` is told. */
import { bool, choice, defineFlags, type FlagValues, text } from "@kubets/machinery/flags";
import { connectionFlags } from "../cluster/connection.ts";

export const whyFlags = defineFlags({
  ...connectionFlags,
  namespace: text({ short: "n", placeholder: "NAMESPACE", help: "The pods' namespace; the kubeconfig's by default." }),
  scheduler: text({ placeholder: "URL", help: "Ask this scheduler, which runs alone: https://127.0.0.1:10259." }),
  all: bool({ help: "All decisions that are kept, not the last one only." }),
  output: choice(["text", "json"], { default: "text", short: "o", help: "How to show it." }),
});

export type WhyFlags = FlagValues<typeof whyFlags>;
