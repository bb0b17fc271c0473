/** Watches one object from a known state on until something holds of it. */
import { isReason } from "@kubets/machinery/status-error";
import { type JsonObject, textAt } from "../json.ts";
import { pathOf } from "../resources/mapper.ts";
import type { Info } from "../resources/select.ts";
import type { Api } from "../session.ts";

/** Resolves with whether it came to hold in time. `test` is asked of each change; a fresh state comes as "MODIFIED". */
export async function waitFor(
  api: Api,
  { resource, namespace, name }: Pick<Info, "resource" | "namespace" | "name">,
  known: JsonObject,
  timeoutMs: number,
  test: (type: string, object: JsonObject) => boolean,
): Promise<boolean> {
  const signal = AbortSignal.timeout(Math.min(timeoutMs, 2 ** 31 - 1));
  let state = known;
  while (!signal.aborted) {
    let done = false;
    const query = {
      fieldSelector: `metadata.name=${name}`,
      resourceVersion: textAt(state, "metadata", "resourceVersion"),
    };
    try {
      await api.rest.watch(pathOf(resource, namespace), { query, signal }, (type, object) => {
        if (type !== "BOOKMARK" && type !== "DELETED") state = object;
        done = type !== "BOOKMARK" && test(type, object);
        return done;
      });
      if (done) return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (!isReason(error, "Expired") && !isReason(error, "Gone")) throw error;
    }
    if (signal.aborted) return false;
    // The server ended the watch: look again, as changes may have been missed.
    try {
      state = await api.rest.get(pathOf(resource, namespace, name), { of: { resource, name }, signal });
    } catch (error) {
      if (isReason(error, "NotFound")) return test("DELETED", state);
      if (signal.aborted) return false;
      throw error;
    }
    if (test("MODIFIED", state)) return true;
  }
  return false;
}
