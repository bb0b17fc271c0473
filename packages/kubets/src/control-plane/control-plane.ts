/**
 * The control plane in one process: the API server, and beside it the controllers and the scheduler, which reach it in process, each as a user
 * of its own. Nothing but storage and sockets is outside.
 */
import { hostname } from "node:os";
import type { ApiServer } from "@kubets/apiserver/api-server";
import type { User } from "@kubets/apiserver/authn/authenticator";
import { atMost } from "@kubets/client/at-most";
import type { Client } from "@kubets/client/client";
import { SharedInformers } from "@kubets/client/informer/shared-informers";
import { createSeriesRecorder } from "@kubets/client/series-event-recorder";
import type { Transport } from "@kubets/client/transport";
import { createClient } from "@kubets/client/typed-client";
import type { Clock, Logger, Random } from "@kubets/machinery";
import { type RunningScheduler, startScheduler } from "@kubets/scheduler";

export interface ControlPlaneParts {
  readonly server: ApiServer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly until?: AbortSignal | undefined;
}

interface InProcess extends Pick<ControlPlaneParts, "server" | "clock"> {
  /** From then on nothing more is asked. */
  readonly until?: AbortSignal | undefined;
}

/** A client in the server's process, as one of the control plane's own users; asks for `atOnce` at the same time, at most. */
export function clientAs({ server, clock, until }: InProcess, user: User, userAgent: string, atOnce?: number): Client {
  const whole = server.transport(user);
  const transport = atOnce ? atMost(atOnce, whole) : whole;
  return createClient(until ? endingWith(until, transport) : transport, { userAgent, clock });
}

function endingWith(until: AbortSignal, transport: Transport): Transport {
  const { takesObjects = false } = transport;
  return {
    takesObjects,
    async request(request) {
      until.throwIfAborted();
      return await transport.request(request);
    },
    ...(transport.watch && {
      async watch(request, sink) {
        until.throwIfAborted();
        return await (transport as Required<Transport>).watch(request, sink);
      },
    }),
    close: () => transport.close(),
  };
}

/** `featureGates`: those that were opened or closed by name. */
export function startSchedulerIn(
  parts: ControlPlaneParts,
  featureGates: Readonly<Record<string, boolean>>,
): RunningScheduler {
  const { clock, random, signal } = parts;
  const metrics = parts.server.context.metrics.registry.part(signal);
  const log = parts.log.with({ component: "scheduler" });
  const client = clientAs(parts, { name: "system:kube-scheduler", groups: [] }, "kube-scheduler");
  const cache = new SharedInformers({ client, clock, random, log, signal });
  const signature = { component: "default-scheduler", host: hostname() };
  const events = createSeriesRecorder({ client, clock, random, log, signal, ...signature });
  return startScheduler({ client, cache, clock, random, log, events, signal, metrics, featureGates });
}
