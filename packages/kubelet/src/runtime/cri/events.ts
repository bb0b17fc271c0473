/**
 * Hears of containers that began or ended. CRI's own stream tells the pod; containerd before 1.7 has only its own event service on the
 * same socket, which tells that something happened to a task: enough to look.
 */
import { RuntimeService } from "@kubets/wire/generated/cri";
import { type GrpcClient, isGrpcError } from "@kubets/wire/grpc";
import { decode, defineMessages, type MessageType, method } from "@kubets/wire/proto";

const type = defineMessages({
  SubscribeRequest: "filters=1:string*",
  Any: "typeUrl=1:string value=2:bytes",
  Envelope: "namespace=2:string topic=3:string event=4:Any",
  TaskEvent: "containerId=1:string id=2:string",
});

interface SubscribeRequest {
  filters: readonly string[];
}

interface Envelope {
  namespace: string;
  topic: string;
  event?: { readonly value: Uint8Array };
}

/** Of an end; `id` is that of the process, and the container's where its first process ended. */
interface TaskEvent {
  containerId: string;
  id: string;
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
    for await (const { topic, event } of client.serverStream(subscribe, { filters: FILTERS }, { signal }))
      if (!event || !isOfCommand(topic, event.value)) changed("");
  }
}

/** A command that ran in a container has ended (each probe is one), not the container. */
export function isOfCommand(topic: string, event: Uint8Array): boolean {
  if (topic !== "/tasks/exit") return false;
  const { containerId, id } = decode(type("TaskEvent") as MessageType<TaskEvent>, event);
  return id !== "" && id !== containerId;
}
