/** DELETE of a collection: each object that the selectors match, as if it were deleted by itself. */
import { invalid, invalidValue, isReason } from "@kubets/machinery";
import { atOnce } from "@kubets/machinery/at-once";
import { type ApiCall, storeOf } from "../api-call.ts";
import { respondList } from "../list-answer.ts";
import { allReadable } from "../present.ts";
import { deleteObject } from "../write/delete-object.ts";
import { IGNORE_READ_ERROR, readDeleteOptions } from "../write/delete-options.ts";
import { validateListOptions } from "./list-options.ts";
import { selected } from "./selected.ts";

/** How many objects are deleted at once. */
const AT_ONCE = 16;

export async function removeCollection(call: ApiCall): Promise<void> {
  const { info } = call;
  validateListOptions(info.query, "list");
  const selection = selected(call);
  const options = await readDeleteOptions(call);
  if (options[IGNORE_READ_ERROR])
    throw invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", [
      invalidValue(
        IGNORE_READ_ERROR,
        true,
        "is not allowed with DELETECOLLECTION, try again after removing the option",
      ),
    ]);
  await storeOf(call).fresh();
  await allReadable(call, selection);
  const { preconditions: _ofOne, ...each } = options;
  const found = storeOf(call)
    .cache.list(info.namespace)
    .filter((object) => selection.matches(object));
  await atOnce(AT_ONCE, found, async (object) => {
    try {
      await deleteObject(call, object, each);
    } catch (error) {
      // Somebody else deleted it: that is as good.
      if (!isReason(error, "NotFound")) throw error;
    }
  });
  await respondList(call, found, {
    resourceVersion: String(storeOf(call).revision),
    ...(selection.shard && { shardInfo: { selector: selection.shard.text } }),
  });
}
