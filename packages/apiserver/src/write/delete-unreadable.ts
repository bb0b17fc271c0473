/**
 * Deletes what stands in storage and cannot be read, by who knows what breaks by it: finalizers and preconditions are in nobody's sight, and nothing is done
 * that a deletion would bring about. Who asks needs a right of its own, beside that to delete; what can be read is left alone.
 */
import { canonical } from "@kubets/api/codec/canonical";
import type { KubeObject } from "@kubets/api/meta";
import { groupResource } from "@kubets/api/resource";
import { groupVersion } from "@kubets/api/resource-ref";
import { forbidden, invalid, invalidValue } from "@kubets/machinery";
import { type ApiCall, keyOf, storeOf } from "../api-call.ts";
import { attributesOf } from "../authz/attributes.ts";
import { isAllowed } from "../authz/refusal.ts";
import { admit, admitFinally } from "./admit.ts";
import { type DeleteOptions, IGNORE_READ_ERROR } from "./delete-options.ts";

const VERB = "unsafe-delete-ignore-read-errors";

export async function deleteUnreadable(call: ApiCall, options: DeleteOptions): Promise<void> {
  const { exchange, info, resource, server } = call;
  const { definition } = resource;
  exchange.audit?.annotate("apiserver.k8s.io/unsafe-delete-ignore-read-error", "");
  await authorize(call);
  // Nothing of it is known to admission but where it stands.
  const nothing = { kind: definition.kind, apiVersion: groupVersion(definition), metadata: {} };
  const unknown = canonical(definition.schema, nothing) as unknown as KubeObject;
  const isRemoved = await storeOf(call).removeUnreadable(keyOf(info), async () => {
    await admit(call, "DELETE", undefined, unknown, options);
    await admitFinally(call, "DELETE", undefined, unknown, options);
  });
  if (!isRemoved)
    throw invalid({ group: definition.group, kind: definition.resource }, info.name, [
      invalidValue(
        IGNORE_READ_ERROR,
        true,
        "is exclusively used to delete corrupt object(s), try again by removing this option",
      ),
    ]);
  server.log.warn("an object that could not be read was deleted", {
    resource: definition.resource,
    object: keyOf(info),
    user: call.user.name,
  });
}

async function authorize({ server, info, user, exchange, resource }: ApiCall): Promise<void> {
  const decision = await server.authorizers.authorize({ ...attributesOf(info, user, exchange), verb: VERB });
  if (isAllowed(decision)) return;
  const why = `not permitted to do ${JSON.stringify(VERB)}, reason: ${decision.why ?? ""}`;
  throw forbidden(groupResource(resource.definition), info.name, why);
}
