/** Binding a pod to a node: what a scheduler does. Once bound, a pod stays where it is. */
import type { Binding, Pod } from "@kubets/api/generated/types/core-v1";
import type { Draft, KubeObject } from "@kubets/api/meta";
import { structOf } from "@kubets/api/schema";
import { conflict, invalid, notSupported, required } from "@kubets/machinery";
import { clone } from "@kubets/machinery/clone";
import type { ApiCall } from "../api-call.ts";
import { readObject } from "../body.ts";
import { respondValue } from "../respond.ts";
import { admitAction } from "../write/admit.ts";
import { changeObject } from "../write/change.ts";
import { timestamp } from "../write/context.ts";
import { success } from "./success.ts";

const BINDING = { group: "", version: "v1", kind: "Binding", schema: structOf("api.core.v1.Binding") };
const PODS = { group: "", resource: "pods/binding" };

export async function bind(call: ApiCall): Promise<void> {
  const binding = (await readObject(call, BINDING)) as unknown as Binding;
  validate(binding);
  const pods = call.server.served.get("", "v1", "pods");
  if (!pods) throw new Error("pods are not served");
  const name = call.info.subresource ? call.info.name : binding.metadata.name;
  const podCall: ApiCall = {
    ...call,
    resource: pods,
    subresource: { type: "status", prepareForUpdate: () => {} },
    info: { ...call.info, name },
  };
  await admitAction({ ...podCall, info: { ...podCall.info, subresource: "binding" } }, binding);
  await changeObject(
    { ...podCall, isPart: true },
    (old) => bound(old as Pod, binding, timestamp(call.server.clock.now())) as Draft<KubeObject>,
    () => {},
  );
  respondValue(call, 201, success());
}

function validate({ target, metadata }: Binding): void {
  const errors = [];
  if (target.kind && target.kind !== "Node") errors.push(notSupported("target.kind", target.kind, ["Node", "<empty>"]));
  if (!target.name) errors.push(required("target.name", ""));
  if (errors.length) throw invalid({ group: "", kind: "Binding" }, metadata.name, errors);
}

function bound(pod: Pod, { metadata, target }: Binding, now: string): Draft<Pod> {
  const { name } = pod.metadata;
  const refuse = (why: string) => conflict(PODS, name, why);
  if (metadata.uid && metadata.uid !== pod.metadata.uid)
    throw refuse(`Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${pod.metadata.uid}`);
  if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec.nodeName) throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  if (pod.spec.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  const next = clone(pod) as Draft<Pod>;
  next.spec.nodeName = target.name as string;
  delete next.status.nominatedNodeName;
  if (metadata.annotations) next.metadata.annotations = { ...next.metadata.annotations, ...metadata.annotations };
  if (metadata.labels) next.metadata.labels = { ...next.metadata.labels, ...metadata.labels };
  const conditions = (next.status.conditions ?? []).filter((c) => c.type !== "PodScheduled");
  next.status.conditions = [
    ...conditions,
    { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: now },
  ];
  return next;
}
