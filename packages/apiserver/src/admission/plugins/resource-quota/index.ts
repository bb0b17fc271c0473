/**
 * Without it one namespace could fill the cluster. What a write adds is taken from every quota that counts it, or the write is refused; the taking
 * is exact however many write at once (see ledger.ts). Giving back what deletes free is the quota controller's.
 */
import { difference } from "@kubets/api/quota/amounts";
import { usageOf } from "@kubets/api/quota/usage";
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from "../../plugin.ts";
import { isCounted } from "./counted.ts";
import { QuotaLedger } from "./ledger.ts";

/** A plugin of its own for each server, since it keeps who waits for which namespace. */
export function resourceQuota(): AdmissionPlugin {
  let ledger: QuotaLedger | undefined;
  return {
    name: "ResourceQuota",
    handles: (operation, resource, subresource) =>
      (operation === "CREATE" || operation === "UPDATE") &&
      resource.namespaced &&
      isCounted(operation, resource, subresource),
    validate(request: AdmissionRequest, context: AdmissionContext) {
      if (!request.object || request.object.metadata.deletionTimestamp) return undefined;
      ledger ??= new QuotaLedger(context);
      if (!ledger.hasQuotas(request.namespace)) return undefined;
      const now = usageOf(request.resource, request.object);
      const delta = request.old ? difference(now, usageOf(request.resource, request.old)) : now;
      return delta.size ? ledger.take(request, delta) : undefined;
    },
  };
}
