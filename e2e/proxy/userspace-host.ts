/** Runs the userspace backend where it is started, told by lines of JSON: the tests start it inside of the node's namespace. */
import { createInterface } from "node:readline";
import { realClock, silentLogger } from "@kubets/machinery";
import { machineExec } from "@kubets/machinery/exec";
import type { VirtualPort } from "@kubets/proxy/plan";
import { UserspaceBackend } from "@kubets/proxy/userspace/backend";

const backend = new UserspaceBackend({ clock: realClock, log: silentLogger, exec: machineExec() });

for await (const line of createInterface({ input: process.stdin })) {
  const { call, put, remove } = JSON.parse(line) as {
    call: "replace" | "apply" | "cleanup";
    put: VirtualPort[];
    remove: string[];
  };
  const work =
    call === "replace"
      ? backend.replace({ ports: new Map(put.map((port) => [port.id, port])) })
      : call === "apply"
        ? backend.apply({ put, remove })
        : backend.cleanup();
  process.stdout.write(
    `${await work.then(
      () => "ok",
      (error: Error) => error.message,
    )}\n`,
  );
}
process.exit(0);
