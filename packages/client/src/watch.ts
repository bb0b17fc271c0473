/**
 * Opens a watch over either kind of transport and sees to it that its sink can rely on its contract: nothing is told after the end,
 * and a watch that its owner ended (by the handle or the signal) is not told as closed.
 */
import type { WatchEvent, WatchHandle, WatchSink } from "./client.ts";
import type { ApiRequest, ApiResponse, Transport, TransportWatchSink } from "./transport.ts";
import { readWatch, watchError } from "./watch-lines.ts";

export async function openWatch(
  transport: Transport,
  request: ApiRequest,
  signal: AbortSignal | undefined,
  sink: WatchSink<unknown>,
  refusal: (response: ApiResponse) => Promise<Error>,
): Promise<WatchHandle> {
  signal?.throwIfAborted();
  const ending = new AbortController();
  const guard = new GuardedSink(sink, () => signal?.removeEventListener("abort", stop));
  const stop = () => {
    guard.end();
    ending.abort(signal?.reason);
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const ends = { ...request, signal: ending.signal };
    if (transport.watch) {
      const watch = await transport.watch(ends, guard);
      ending.signal.addEventListener("abort", () => watch.stop(), { once: true });
      if (ending.signal.aborted) watch.stop();
    } else {
      const response = await transport.request(ends);
      if (response.status !== 200) throw await refusal(response);
      void readWatch(response.stream(), (batch) => guard.events(batch)).then((error) => guard.closed(error));
    }
    signal?.throwIfAborted();
  } catch (error) {
    stop();
    throw error;
  }
  return { stop };
}

class GuardedSink implements TransportWatchSink {
  readonly #sink: WatchSink<unknown>;
  readonly #onEnd: () => void;
  #ended = false;

  constructor(sink: WatchSink<unknown>, onEnd: () => void) {
    this.#sink = sink;
    this.#onEnd = onEnd;
  }

  events(batch: readonly { readonly type: string; readonly object: unknown }[]): void {
    if (this.#ended) return;
    const last = batch.at(-1);
    if (last?.type !== "ERROR") {
      this.#sink.events(batch as readonly WatchEvent<unknown>[]);
      return;
    }
    if (batch.length > 1) this.#sink.events(batch.slice(0, -1) as readonly WatchEvent<unknown>[]);
    this.closed(watchError(last.object));
  }

  closed(error?: Error): void {
    if (this.#ended) return;
    this.end();
    this.#sink.closed(error);
  }

  end(): void {
    this.#ended = true;
    this.#onEnd();
  }
}
