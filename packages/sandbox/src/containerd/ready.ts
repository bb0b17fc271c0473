/** Waits until a containerd answers. */
import { existsSync } from "node:fs";
import { type Clock, sleep } from "@kubets/machinery";
import { RuntimeService } from "@kubets/wire/generated/cri";
import { grpcClient } from "@kubets/wire/grpc";

export interface ReadyOptions {
  readonly clock: Clock;
  readonly timeoutMs?: number;
  /** Aborted with the reason when containerd has ended. */
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 30_000;
const LOOK_AGAIN_MS = 15;

/** Gives the version that it tells. Throws with its own reasons when it says that it is not ready, or says nothing in time. */
export async function containerdReady(socket: string, { clock, timeoutMs = TIMEOUT_MS, signal }: ReadyOptions): Promise<string> {
  const deadline = clock.monotonic() + timeoutMs;
  const late = () => clock.monotonic() > deadline;
  // A client that tried before there is a socket would wait a second before trying again.
  while (!existsSync(socket)) {
    if (late()) throw new Error(`containerd did not open ${socket} within ${timeoutMs / 1000} s`);
    await sleep(clock, LOOK_AGAIN_MS, signal);
  }
  const client = grpcClient({ target: `unix://${socket}` });
  try {
    const call = { waitForReady: true, timeoutMs, signal };
    const { runtimeVersion } = await client.unary(RuntimeService.version, {}, call);
    for (;;) {
      const { status } = await client.unary(RuntimeService.status, {}, call);
      const bad = status?.conditions.filter((condition) => !condition.status) ?? [];
      if (bad.length === 0) return runtimeVersion;
      if (late()) throw new Error(`containerd is not ready: ${bad.map((c) => `${c.type}: ${c.reason} ${c.message}`).join("; ")}`);
      await sleep(clock, LOOK_AGAIN_MS, signal);
    }
  } finally {
    client.close();
  }
}
