/**
 * Keeps a node's containerd running: one that ends unasked is started again.
 * Holds: containers live on meanwhile, as their shims are processes of their own; `stop` ends it for good.
 */
import { type Logger, sleep } from "@kubets/machinery";
import { type ContainerdInstance, type InstanceOptions, startContainerd } from "./instance.ts";

export interface SupervisedContainerd {
  readonly version: string;
  /** Of the one that runs now. */
  pid(): number;
  stop(): Promise<void>;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

/** Throws when the first start fails; later ones are tried again and again. */
export async function superviseContainerd(options: InstanceOptions, log: Logger): Promise<SupervisedContainerd> {
  const { clock } = options;
  const stopping = new AbortController();
  let current = await startContainerd(options);

  async function again(): Promise<ContainerdInstance | undefined> {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      await sleep(clock, wait, stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return undefined;
      try {
        return await startContainerd(options);
      } catch (error) {
        log.error("containerd does not start", { error });
      }
    }
  }

  async function watch(): Promise<void> {
    for (;;) {
      await current.ended;
      if (stopping.signal.aborted) return;
      log.warn("containerd ended unasked; it is started again", { logFile: options.logFile });
      const next = await again();
      if (!next) return;
      current = next;
    }
  }

  const watching = watch();
  return {
    version: current.version,
    pid: () => current.pid,
    async stop() {
      stopping.abort();
      await current.stop();
      await watching;
      // One that was being started when the stop came.
      await current.stop();
    },
  };
}
