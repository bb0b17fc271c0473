/**
 * A transport that asks for so much at once and no more. What comes on top waits here, in order, and not at the server, which turns away what waits too
 * long, to be asked again. Watches do not count, nor what keeps a node alive: its lease and its status.
 */
import type { Transport } from "./transport.ts";

const VITAL = /^\/(apis\/coordination\.k8s\.io|api\/v1\/nodes)\//;

export function atMost(limit: number, transport: Transport): Transport {
  const waiting: (() => void)[] = [];
  let asked = 0;
  return {
    ...(transport.takesObjects && { takesObjects: true }),
    async request(request) {
      if (VITAL.test(request.path)) return transport.request(request);
      // Who ends leaves its place to the first that waits.
      if (asked >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
      else asked++;
      try {
        request.signal?.throwIfAborted();
        return await transport.request(request);
      } finally {
        const next = waiting.shift();
        if (next) next();
        else asked--;
      }
    },
    ...(transport.watch && { watch: transport.watch.bind(transport) }),
    close: () => transport.close(),
  };
}
