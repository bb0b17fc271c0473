/**
 * Hears of containers that began or ended. CRI's own stream tells the pod; containerd before 1.7 has only its own event service on the
 * same socket, which tells that something happened to a task: enough to look.
 */

import { RuntimeService } from "@kubets/wire/generated/cri";
import { type GrpcClient, isGrpcError } from "@kubets/wire/grpc";
import { defineMessages, type MessageType, method } from "@kubets/wire/proto";

const type = defineMessages({
  SubscribeRequest: "filters=1:string*",
  Envelope: "namespace=2:string topic=3:string",
});

interface SubscribeRequest {
  filters: readonly string[];
}

interface Envelope {
  namespace: string;
  topic: string;
}

const subscribe = method(
  "server",
  "/containerd.services.events.v1.Events/Subscribe",
  type("SubscribeRequest") as MessageType<SubscribeRequest>,
  type("Envelope") as MessageType<Envelope>,
);

/** CRI's containers live in this namespace of containerd. */
const FILTERS = ['namespace==k8s.io,topic~="^/tasks/(exit|oom)"'];

export async function watchEvents(
  client: GrpcClient,
  changed: (podUid: string) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const event of client.serverStream(RuntimeService.getContainerEvents, {}, { signal })) {
      changed(event.podSandboxStatus?.metadata?.uid ?? "");
    }
  } catch (error) {
    if (!isGrpcError(error, "UNIMPLEMENTED")) throw error;
    for await (const _ of client.serverStream(subscribe, { filters: FILTERS }, { signal })) changed("");
  }
}
