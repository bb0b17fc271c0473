/**
 * Services: one name and address for several pods. Addresses and node ports are allocated by the API server, between `settleFamilies`
 * (families.ts) and the hooks here.
 */
import { type FieldError, invalidValue } from "@kubets/machinery";
import { dns1123Label } from "@kubets/machinery/names";
import { define, keepPart, statusPart } from "../../define.ts";
import { services } from "../../generated/refs.ts";
import type { Service } from "../../generated/types/core-v1.ts";
import type { Draft } from "../../meta.ts";
import type { Verb, WriteContext } from "../../resource.ts";
import { alignClusterIPs, dropUnused, keepAllocated } from "./allocated.ts";
import { defaultService } from "./defaults.ts";
import { serviceNames } from "./names.ts";
import { serviceTable } from "./table.ts";
import { validateService, validateServiceStatus } from "./validate.ts";
import { validateServiceUpdate } from "./validate-update.ts";
import { serviceWarnings } from "./warnings.ts";

const PROXY: readonly Verb[] = ["create", "delete", "get", "patch", "update"];

export const serviceResource = define(services, {
  shortNames: ["svc"],
  categories: ["all"],
  storagePrefix: "/registry/services/specs",
  createOnUpdate: true,
  defaults: defaultService,
  prepareForCreate: (service) => {
    service.status = { loadBalancer: {} };
    alignClusterIPs(service, undefined);
  },
  prepareForUpdate: (service: Draft<Service>, old: Service) => {
    keepPart(service, old, "status");
    keepAllocated(service, old);
    alignClusterIPs(service, old);
    dropUnused(service, old);
    if (old.spec.type === "LoadBalancer" && service.spec.type !== "LoadBalancer") service.status = { loadBalancer: {} };
  },
  validateName: (name, prefix) => dns1123Label(prefix ? `${name}a` : name),
  validate: (service, context) => [...strictNameErrors(service, context), ...validateService(service)],
  validateUpdate: validateServiceUpdate,
  warnings: serviceWarnings,
  selectableFields: {
    "spec.clusterIP": ({ spec }) => spec.clusterIP ?? "",
    "spec.type": ({ spec }) => spec.type ?? "",
  },
  subresources: {
    proxy: { type: "connect", kind: { group: "", version: "v1", kind: "ServiceProxyOptions" }, verbs: PROXY },
    status: statusPart<Service>({ validateUpdate: validateServiceStatus }),
  },
  table: serviceTable,
});

/** What a new service may not be called though others may. */
function strictNameErrors({ metadata: { name } }: Service, context: WriteContext): FieldError[] {
  if (dns1123Label(name).length > 0) return [];
  return serviceNames(context)(name).map((text) => invalidValue("metadata.name", name, text));
}
