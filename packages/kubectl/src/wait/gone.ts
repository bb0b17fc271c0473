/** Waits until objects are gone, or others of the same name stand in their place. */
import { isReason } from "@kubets/machinery/status-error";
import { UsageError } from "../errors.ts";
import { textAt } from "../json.ts";
import { pathOf, resourceText } from "../resources/mapper.ts";
import type { Info } from "../resources/select.ts";
import type { Api, Session } from "../session.ts";
import { waitFor } from "./watched.ts";

export type Awaited = Pick<Info, "resource" | "namespace" | "name"> & { readonly uid?: string };

export async function waitGone(
  session: Session,
  api: Api,
  objects: readonly Awaited[],
  timeoutMs: number,
): Promise<void> {
  const until = session.machine.clock.now() + timeoutMs;
  for (const info of objects) {
    const { resource, namespace, name, uid } = info;
    const mayRead = resource.verbs.includes("get");
    if (!mayRead) continue;
    try {
      const object = await api.rest.get(pathOf(resource, namespace, name), { of: { resource, name } });
      if (uid && textAt(object, "metadata", "uid") !== uid) continue;
      const left = until - session.machine.clock.now();
      if (left <= 0) throw timedOut(info);
      const done = await waitFor(api, info, object, left, (type) => type === "DELETED");
      if (!done) throw timedOut(info);
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
    }
  }
}

export const timedOut = ({ resource, name }: Pick<Info, "resource" | "name">): Error =>
  new UsageError(`timed out waiting for the condition on ${resourceText(resource)}/${name}`);
