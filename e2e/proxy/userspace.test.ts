/** The userspace backend and real packets: it runs inside of the node's namespace, in a process of its own. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after } from "node:test";
import type { ProxyBackend } from "@kubets/proxy/backend";
import type { PlanChange } from "@kubets/proxy/plan";
import { proxyBackendSuite } from "./backend.suite.ts";

const started: { kill(signal: "SIGKILL"): unknown }[] = [];
after(() => {
  for (const child of started) child.kill("SIGKILL");
});

proxyBackendSuite(
  "userspace",
  async (network): Promise<ProxyBackend> => {
    const program = new URL("userspace-host.ts", import.meta.url).pathname;
    const args = [`--net=/run/netns/${network.netns("node")}`, process.execPath, program];
    const child = spawn("nsenter", args, { stdio: ["pipe", "pipe", "inherit"] });
    started.push(child);
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const call = async (name: string, change: PlanChange = { put: [], remove: [] }) => {
      child.stdin.write(`${JSON.stringify({ call: name, ...change })}\n`);
      const { value } = await answers.next();
      if (value !== "ok") throw new Error(String(value));
    };
    return {
      name: "userspace",
      unavailable: async () => undefined,
      replace: (plan) => call("replace", { put: [...plan.ports.values()], remove: [] }),
      apply: (change) => call("apply", change),
      cleanup: () => call("cleanup"),
    };
  },
  { keepsSource: false, drops: false, sourceRanges: false, inKernel: false },
);
