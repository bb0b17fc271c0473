/** Waits until a containerd answers. */
import { existsSync } from "node:fs";
import { type Clock, sleep } from "@kubets/machinery";
import { RuntimeService } from "@kubets/wire/generated/cri";
import { type CallOptions, type GrpcClient, GrpcError, grpcClient } from "@kubets/wire/grpc";

interface ReadyOptions {
  readonly clock: Clock;
  readonly timeoutMs?: number;
  /** Where the pod network is laid later, the runtime alone is waited for. */
  readonly networkLater?: boolean;
  /** Aborted with the reason when containerd has ended. */
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 30_000;
const LOOK_AGAIN_MS = 15;
const ALL = ["RuntimeReady", "NetworkReady"];

/** Gives the version that it tells. Throws with its own reasons when it says that it is not ready, or says nothing in time. */
export async function containerdReady(
  socket: string,
  { clock, timeoutMs = TIMEOUT_MS, networkLater, signal }: ReadyOptions,
): Promise<string> {
  const deadline = clock.monotonic() + timeoutMs;
  const late = () => clock.monotonic() > deadline;
  // A client that tried before there is a socket would wait a second before trying again.
  while (!existsSync(socket)) {
    if (late()) throw new Error(`containerd did not open ${socket} within ${timeoutMs / 1000} s`);
    await sleep(clock, LOOK_AGAIN_MS, signal);
  }
  const client = grpcClient({ target: `unix://${socket}` });
  try {
    for (;;) {
      const answer = await ask(client, networkLater ? ["RuntimeReady"] : ALL, {
        waitForReady: true,
        timeoutMs,
        signal,
      });
      if ("version" in answer) return answer.version;
      if (late()) throw new Error(`containerd is not ready: ${answer.reason}`);
      await sleep(clock, LOOK_AGAIN_MS, signal);
    }
  } finally {
    client.close();
  }
}

/** Its version when all is well; else why not. A server that answers but has not read its containers yet fails each call. */
async function ask(
  client: GrpcClient,
  conditions: readonly string[],
  call: CallOptions,
): Promise<{ version: string } | { reason: string }> {
  try {
    const { status } = await client.unary(RuntimeService.status, {}, call);
    const bad = status?.conditions.filter(({ type, status }) => !status && conditions.includes(type)) ?? [];
    if (bad.length > 0) return { reason: bad.map((c) => `${c.type}: ${c.reason} ${c.message}`).join("; ") };
    const { runtimeVersion } = await client.unary(RuntimeService.version, {}, call);
    return { version: runtimeVersion };
  } catch (error) {
    if (call.signal?.aborted || !(error instanceof GrpcError)) throw error;
    return { reason: error.message };
  }
}
