/** `kubets why`: why a pod runs where it does or nowhere, and why a connection between pods passes or does not. */
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { whyFlags } from "./flags.ts";
import { whyNet } from "./net.ts";
import { whyPod } from "./pod.ts";

export const whyCommand = defineCommand({
  name: "why",
  summary: "Tell why a pod runs where it does or nowhere, or whether network policies let a connection pass",
  description:
    "Of a pod: which nodes were refused by which plugin of the scheduler and why, and which scores the others got; the scheduler keeps its last decisions. Of a connection: whether network policies let it pass, and which of them.",
  examples: [
    "kubets why pod/web-0",
    "kubets why pod/web-0 -n shop --all",
    "kubets why net web-0 db-0:5432",
    "kubets why net 'shop/web-0 -> data/db-0:dns/UDP'",
    "kubets why net 192.0.2.1 web-0:80",
  ],
  usage: "(pod/NAME | net FROM TO:PORT[/PROTOCOL]) [flags]",
  flags: whyFlags,
  async run({ values, args, io }) {
    const [what = "", ...more] = args;
    if (what === "net") {
      io.output(await whyNet(more.join(" "), values));
      return;
    }
    const name = what.replace(/^pods?\//, "");
    if (!name || more.length > 0)
      throw new ExitError(
        exitCode.usage,
        "name one pod, or a connection: kubets why pod/NAME, kubets why net FROM TO:PORT",
      );
    io.output(await whyPod(name, values));
  },
});
