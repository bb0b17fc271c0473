/**
 * The driver that opens sockets in other network namespaces from a thread of this process, without any other program (0.1 ms a socket).
 * Holds: the thread starts with the first socket and keeps the process alive only while a question is open.
 */
import { Worker } from "node:worker_threads";
import type { ListenAddress, NamespaceDriver, SocketAddress } from "./driver.ts";
import type { SocketAnswer, SocketQuestion } from "./ffi-worker.ts";
import { SocketError } from "./socket-error.ts";
import { spawnInside } from "./spawn-inside.ts";

/** Its entry: the source beside this file or, in a bundle, an entry of its own beside the chunk that this file went into. */
const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./ffi-worker.ts" : "./namespace-worker.js", import.meta.url);

interface Open {
  readonly resolve: (opened: { fd: number; port: number }) => void;
  readonly reject: (error: Error) => void;
}

export function createFfiDriver(): NamespaceDriver {
  const open = new Map<number, Open>();
  let worker: Worker | undefined;
  let lastId = 0;

  function start(): Worker {
    const started = new Worker(WORKER, { name: "namespaces", execArgv: ["--disable-warning=ExperimentalWarning"] });
    const failAll = (error: Error) => {
      if (worker === started) worker = undefined;
      for (const { reject } of open.values()) reject(error);
      open.clear();
    };
    started.on("message", (answer: SocketAnswer) => {
      const asked = open.get(answer.id);
      open.delete(answer.id);
      if (open.size === 0) started.unref();
      if ("failure" in answer) asked?.reject(new SocketError(answer.failure));
      else asked?.resolve({ fd: answer.fd, port: answer.port });
    });
    started.on("error", (error) => failAll(error instanceof Error ? error : new Error(String(error))));
    started.on("exit", () => failAll(new Error("the thread that enters namespaces has ended")));
    return started;
  }

  function ask(kind: SocketQuestion["ask"], net: string, address: ListenAddress | SocketAddress) {
    worker ??= start();
    worker.ref();
    const asked = worker;
    return new Promise<{ fd: number; port: number }>((resolve, reject) => {
      const id = ++lastId;
      open.set(id, { resolve, reject });
      asked.postMessage({ id, ask: kind, net, address } satisfies SocketQuestion);
    });
  }

  return {
    name: "ffi",
    async unavailable() {
      if (process.platform !== "linux") return "namespaces exist on Linux only";
      if (process.getuid?.() !== 0) return "entering namespaces takes root";
      try {
        await import("node:ffi");
        return undefined;
      } catch {
        return `this Node.js (${process.version}) has no node:ffi`;
      }
    },
    spawn: spawnInside,
    listen: ({ net = OWN_NETWORK }, address) => ask("listen", net, address),
    connect: ({ net = OWN_NETWORK }, address) => ask("connect", net, address),
    async close() {
      const ending = worker;
      worker = undefined;
      await ending?.terminate();
    },
  };
}

const OWN_NETWORK = "/proc/self/ns/net";
