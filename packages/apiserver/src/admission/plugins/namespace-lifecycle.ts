/** Without it objects would be left in namespaces that are not there, or that are going: nobody would ever clean them up. */
import { namespaces } from "@kubets/api/generated/refs";
import { forbidden, notFound, StatusError } from "@kubets/machinery";
import type { AdmissionPlugin } from "../plugin.ts";

/** Namespaces that must always be there. */
const IMMORTAL = new Set(["default", "kube-system", "kube-public"]);

export const namespaceLifecycle: AdmissionPlugin = {
  name: "NamespaceLifecycle",
  handles: (operation, resource) =>
    (operation === "CREATE" && resource.namespaced) ||
    (operation === "DELETE" && resource.resource === "namespaces") ||
    (operation === "UPDATE" && resource.namespaced),
  mutate({ operation, resource, namespace, name, object }, { view }) {
    if (operation === "DELETE") {
      if (IMMORTAL.has(name))
        throw forbidden({ group: "", resource: "namespaces" }, name, "this namespace may not be deleted");
      return;
    }
    const found = view.get(namespaces, "", namespace);
    if (!found) throw notFound({ group: "", resource: "namespaces" }, namespace);
    if (operation !== "CREATE" || found.status.phase !== "Terminating") return;
    const gr = { group: resource.group, resource: resource.resource };
    const refused = forbidden(
      gr,
      object?.metadata.name ?? name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    );
    throw new StatusError({
      ...refused.status,
      code: 403,
      details: {
        ...refused.status.details,
        causes: [
          {
            reason: "NamespaceTerminating",
            message: `namespace ${namespace} is being terminated`,
            field: "metadata.namespace",
          },
        ],
      },
    });
  },
};
