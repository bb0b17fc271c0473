/** Without it whoever may make a service can draw the traffic for any address to pods of their own. */
import { services } from "@kubets/api/generated/refs";
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { AdmissionPlugin } from "../plugin.ts";
import { isWhole, refuse } from "../request.ts";

export const denyServiceExternalIps: AdmissionPlugin = {
  name: "DenyServiceExternalIPs",
  handles: (operation, resource, subresource) =>
    (operation === "CREATE" || operation === "UPDATE") && isWhole(services, resource, subresource),
  validate(request) {
    const had = new Set((request.old as Service | undefined)?.spec.externalIPs);
    const { externalIPs = [] } = (request.object as unknown as Service).spec;
    if (externalIPs.some((address) => !had.has(address)))
      throw refuse(request, "Use of external IPs is denied by admission control.");
  },
};
