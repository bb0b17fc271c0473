/** Connects from within a network namespace by a small program there that passes bytes on. For tests. */
import { spawn } from "node:child_process";
import { duplexPair, type Duplex } from "node:stream";
import type { Dialer } from "@kubets/kubelet";

/** busybox's nc says nothing of refusals but ends with 1 before a byte came. */
export const netnsDialer = (netns: string): Dialer => ({
  dial: (host, port, signal) =>
    new Promise<Duplex>((resolve, reject) => {
      const probe = spawn("nsenter", [`--net=${netns}`, "/bin/busybox", "nc", "-z", host, String(port)], { stdio: "ignore", ...(signal && { signal }) });
      probe.once("error", reject);
      probe.once("exit", (code) => {
        if (code !== 0) return reject(Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" }));
        const child = spawn("nsenter", [`--net=${netns}`, "/bin/busybox", "nc", host, String(port)], { stdio: ["pipe", "pipe", "ignore"] });
        const [ours, theirs] = duplexPair();
        theirs.on("error", () => {});
        child.stdin.on("error", () => {});
        theirs.pipe(child.stdin);
        child.stdout.pipe(theirs);
        ours.once("close", () => child.kill());
        resolve(ours);
      });
    }),
});
