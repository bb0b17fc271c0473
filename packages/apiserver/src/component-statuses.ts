/** Component statuses: nothing is stored of them; the parts of the control plane are asked how they do whenever somebody wants to know. */
import { canonical } from "@kubets/api/codec/canonical";
import { encodeJson } from "@kubets/api/codec/json";
import type { KubeObject } from "@kubets/api/meta";
import { groupResource } from "@kubets/api/resource";
import { groupVersion } from "@kubets/api/resource-ref";
import { notFound } from "@kubets/machinery";
import type { ApiCall } from "./api-call.ts";
import { probeComponent } from "./component-probe.ts";
import { respondList } from "./list-answer.ts";
import { respondObject } from "./respond.ts";
import type { Server } from "./server-context.ts";
import { CachedObject } from "./store/cached-object.ts";
import { selectionOf } from "./store/selection.ts";
import type { VerbHandler } from "./verbs/index.ts";
import { validateListOptions } from "./verbs/list-options.ts";

/** Says what is wrong with a part, or undefined. */
export type ComponentCheck = () => string | undefined | Promise<string | undefined>;

/** Where a part that runs alone on the server's machine answers, unless it was told otherwise. */
const PORTS = { "controller-manager": 10257, scheduler: 10259 };

export const componentStatuses: Readonly<Record<string, VerbHandler>> = {
  async get(call) {
    const { name } = call.info;
    const check = checksOf(call.server).get(name);
    if (!check) throw notFound(groupResource(call.resource.definition), name);
    respondObject(call, 200, await statusOf(call, name, check));
  },
  async list(call) {
    const { definition } = call.resource;
    validateListOptions(call.info.query, "list");
    const selection = selectionOf(definition, {
      namespace: "",
      labelSelector: call.info.query.get("labelSelector"),
      fieldSelector: call.info.query.get("fieldSelector"),
    });
    const statuses = await Promise.all(
      Array.from(checksOf(call.server), async ([name, check]) => {
        const status = await statusOf(call, name, check);
        return new CachedObject(name, 0, Buffer.from(encodeJson(status)), status);
      }),
    );
    await respondList(
      call,
      statuses.filter((status) => selection.matches(status)),
      {},
    );
  },
};

function checksOf({ components, health }: Server): ReadonlyMap<string, ComponentCheck> {
  const checks = new Map<string, ComponentCheck>();
  for (const [name, port] of Object.entries(PORTS))
    checks.set(name, components.get(name) ?? (() => probeComponent(port)));
  const storage = health.find(({ name }) => name === "etcd");
  if (storage) checks.set("etcd-0", () => storage.check());
  return checks;
}

async function statusOf({ resource }: ApiCall, name: string, check: ComponentCheck): Promise<KubeObject> {
  const { definition } = resource;
  const wrong = await check();
  const healthy = { type: "Healthy", status: wrong === undefined ? "True" : "False", message: wrong ?? "ok" };
  const head = { kind: definition.kind, apiVersion: groupVersion(definition) };
  return canonical(definition.schema, { ...head, metadata: { name }, conditions: [healthy] }) as unknown as KubeObject;
}
