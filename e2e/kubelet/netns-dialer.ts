/** Connects from within a network namespace by a small program there that passes bytes on. For tests. */
import { spawn } from "node:child_process";
import { type Duplex, duplexPair } from "node:stream";
import type { Dialer } from "@kubets/kubelet";

/** busybox's nc does not say that it is connected, but ends at once when it is refused. */
const REFUSED_WITHIN_MS = 60;

export const netnsDialer = (netns: string): Dialer => ({
  dial: (host, port) =>
    new Promise<Duplex>((resolve, reject) => {
      const child = spawn("nsenter", [`--net=${netns}`, "/bin/busybox", "nc", host, String(port)], {
        stdio: ["pipe", "pipe", "ignore"],
      });
      const [ours, theirs] = duplexPair();
      theirs.on("error", () => {});
      child.stdin.on("error", () => {});
      theirs.pipe(child.stdin);
      child.stdout.pipe(theirs);
      ours.once("close", () => child.kill());
      const timer = setTimeout(() => resolve(ours), REFUSED_WITHIN_MS);
      child.once("exit", (code) => {
        clearTimeout(timer);
        if (code !== 0) reject(Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" }));
        else resolve(ours);
      });
    }),
});
