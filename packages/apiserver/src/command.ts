/** `kubets apiserver`. What it takes to serve is loaded only when it runs. */
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { apiServerFlags } from "./flags.ts";

export const apiServerCommand = defineCommand({
  name: "apiserver",
  summary: "Run the API server alone",
  description:
    "Serves the API of Kubernetes v1.36 over HTTPS, and needs no other part of a cluster. It logs `ready` once /readyz is ok.",
  examples: [
    "kubets apiserver --data-dir ./data --token-auth-file tokens.csv --authorization-mode RBAC",
    "kubets apiserver --etcd-servers https://10.0.0.1:2379 --etcd-cafile ca.crt --etcd-certfile client.crt --etcd-keyfile client.key",
  ],
  flags: apiServerFlags,
  async run({ values: flags, args }) {
    if (args.length)
      throw new ExitError(exitCode.usage, `apiserver takes no arguments, but was given ${args.join(" ")}`);
    const { serve } = await import("./serve.ts");
    await serve(flags);
  },
});
