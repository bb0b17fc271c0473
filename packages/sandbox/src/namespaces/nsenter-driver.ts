/**
 * The driver that opens sockets in other network namespaces by a process of this Node under nsenter, which passes them over its IPC channel.
 * Holds: there is one such process for each namespace, and it ends by itself two seconds after its last answer (it would keep the
 * namespace alive).
 */
import { type ChildProcess, execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { CONNECT_TIMEOUT_MS, type ListenAddress, type NamespaceDriver, type SocketAddress } from "./driver.ts";
import type { PassedSocket, PassSocket } from "./nsenter-program.ts";
import { SocketError } from "./socket-error.ts";
import { spawnInside } from "./spawn-inside.ts";

/** Its entry: the source beside this file or, in a bundle, an entry of its own beside the chunk that this file went into. */
const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./nsenter-program.ts" : "./namespace-program.js", import.meta.url),
);

/** What Node hands out for a socket that came over the channel: its native handle, which neither reads nor accepts yet. */
interface NativeHandle {
  readonly fd: number;
}

interface Open {
  readonly resolve: (opened: { fd: number; port: number }) => void;
  readonly reject: (error: Error) => void;
}

class Passer {
  readonly #child: ChildProcess;
  readonly #open = new Map<number, Open>();
  #lastId = 0;
  #ended: SocketError | undefined;

  constructor(child: ChildProcess, net: string, ended: () => void) {
    this.#child = child;
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.on("message", (message, handle) => this.#receive(message as PassedSocket, handle as unknown as NativeHandle));
    child.on("error", () => {});
    child.on("close", () => {
      ended();
      const about = `${net}: ${said.trim() || "the process under nsenter ended"}`;
      const code = said.includes("No such file") ? "ENOENT" : ENDED;
      this.#ended = new SocketError({ code, syscall: "nsenter", about });
      for (const { reject } of this.#open.values()) reject(this.#ended);
      this.#open.clear();
    });
    this.#rest();
  }

  /** False when the process is on its way out. */
  get usable(): boolean {
    return this.#child.connected;
  }

  ask(kind: PassSocket["ask"], address: ListenAddress | SocketAddress): Promise<{ fd: number; port: number }> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#child.ref();
    this.#child.channel?.ref();
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#open.set(id, { resolve, reject });
      // What cannot be sent is answered when the process has ended, with what it said on its way out.
      this.#child.send({ id, ask: kind, address, timeoutMs: CONNECT_TIMEOUT_MS } satisfies PassSocket, () => {});
    });
  }

  close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#child.ref();
      this.#child.once("exit", () => resolve());
      this.#child.kill("SIGKILL");
    });
  }

  /** The native handle is never closed: the descriptor belongs to the caller from here on, and closing both would close it twice. */
  #receive(message: PassedSocket, handle: NativeHandle): void {
    const asked = this.#open.get(message.id);
    this.#open.delete(message.id);
    if ("failure" in message) asked?.reject(new SocketError(message.failure));
    else asked?.resolve({ fd: handle.fd, port: message.port });
    this.#rest();
  }

  /** With no question open, the process does not keep this one alive. */
  #rest(): void {
    if (this.#open.size > 0) return;
    this.#child.unref();
    this.#child.channel?.unref();
  }
}

export function createNsenterDriver(): NamespaceDriver {
  const passers = new Map<string, Promise<Passer>>();

  function start(net: string): Promise<Passer> {
    const args = ["--disable-warning=ExperimentalWarning", PROGRAM];
    const forget = () => {
      if (passers.get(net) === started) passers.delete(net);
    };
    const started = spawnInside({ net }, process.execPath, args, { stdio: ["ignore", "ignore", "pipe", "ipc"] }).then(
      (child) => new Passer(child, net, forget),
    );
    started.catch(forget);
    passers.set(net, started);
    return started;
  }

  async function ask(kind: PassSocket["ask"], net: string, address: ListenAddress | SocketAddress) {
    const asked = passers.get(net);
    const present = await asked;
    if (present?.usable) {
      try {
        return await present.ask(kind, address);
      } catch (error) {
        // It came to the end of its idle time as it was asked; a new one is there for it.
        if (!(error instanceof SocketError) || error.code !== ENDED) throw error;
      }
    }
    const next = passers.get(net);
    return await (await (next && next !== asked ? next : start(net))).ask(kind, address);
  }

  return {
    name: "nsenter",
    async unavailable() {
      if (process.platform !== "linux") return "namespaces exist on Linux only";
      if (process.getuid?.() !== 0) return "entering namespaces takes root";
      return (await runs("nsenter")) ? undefined : "there is no program nsenter (Debian's package util-linux has it)";
    },
    spawn: spawnInside,
    listen: async ({ net = OWN_NETWORK }, address) => await ask("listen", net, address),
    connect: async ({ net = OWN_NETWORK }, address) => await ask("connect", net, address),
    async close() {
      const ending = [...passers.values()];
      passers.clear();
      await Promise.all(ending.map(async (passer) => await (await passer).close()));
    },
  };
}

/** The code of a question that was never answered. */
const ENDED = "EIO";

const OWN_NETWORK = "/proc/self/ns/net";

const runs = (program: string): Promise<boolean> =>
  new Promise((resolve) => {
    execFile(program, ["--version"], (error) => resolve(!error));
  });
