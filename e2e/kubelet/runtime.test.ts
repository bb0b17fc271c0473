/** The runtime's suite over a real containerd. Needs root. */
import { join } from "node:path";
import { describe, it } from "node:test";
import { criRuntime } from "@kubets/kubelet";
import { runtimeSuite } from "@kubets/kubelet/runtime/runtime.suite";
import { DEMO_IMAGE, startContainerd, whyNot } from "./containerd.ts";

const reason = whyNot();
if (reason) describe("runtime: containerd", () => it("runs", { skip: reason }, () => {}));
// One that has no pieces is asked for whole lists then.
else
  for (const inPieces of [false, true])
    runtimeSuite(inPieces ? "containerd, asked for its lists in pieces" : "containerd", async () => {
      const containerd = await startContainerd();
      const runtime = criRuntime({ endpoint: containerd.socket, inPieces });
      return {
        runtime,
        image: DEMO_IMAGE,
        logs: join(containerd.folder, "logs"),
        async until(condition) {
          for (let tries = 0; !(await condition()); tries++) {
            if (tries > 200) throw new Error("it did not come true");
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
        },
        async close() {
          runtime.close();
          await containerd.close();
        },
      };
    });
