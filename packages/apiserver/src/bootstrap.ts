/**
 * What a fresh server holds: system namespaces, roles and bindings, flow control, priority classes. Made at each start where it is missing; roles
 * that lost a rule get it back (unless they say that they are left alone), and extra rules stay.
 */
import {
  builtInApiServices,
  flowSchemas,
  priorityLevels,
  systemNamespaces,
  systemPriorityClasses,
} from "@kubets/api/bootstrap/index";
import * as refs from "@kubets/api/generated/refs";
import type { Input, KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { createClient } from "@kubets/client/typed-client";
import { isReason } from "@kubets/machinery";
import { type ApiServer, SERVER_USER } from "./api-server.ts";
import { reconcileRoles } from "./bootstrap-roles.ts";
import { startStep } from "./start-step.ts";

/** Whom the objects of priority and fairness name as their maker. */
const FAIRNESS_MANAGER = "api-priority-and-fairness-config-producer-v1";

type Named = { readonly metadata?: { readonly name?: string; readonly namespace?: string } };

export async function bootstrap(server: ApiServer): Promise<void> {
  const client = createClient(server.transport(SERVER_USER), { userAgent: "kube-apiserver" });
  const { view, options, log } = server.context;
  const ensure = async <T extends KubeObject>(
    ref: ResourceRef<T>,
    objects: readonly Named[],
    fieldManager?: string,
  ) => {
    const missing = objects.filter(({ metadata: { namespace = "", name = "" } = {} }) => {
      return !view.isUnreadable(ref, namespace, name) && !view.get(ref, namespace, name);
    });
    await Promise.all(
      missing.map((object) =>
        client.create(ref, object as Input<T>, { ...(fieldManager && { fieldManager }) }).catch((error: unknown) => {
          // Another server that starts on the same storage was faster.
          if (!isReason(error, "AlreadyExists")) throw error;
        }),
      ),
    );
  };
  await startStep(log, "system namespaces", ensure(refs.namespaces, systemNamespaces as readonly Named[]));
  const steps = {
    roles: reconcileRoles(client, view, options.featureEnabled),
    "priority levels": ensure(refs.prioritylevelconfigurations, priorityLevels as readonly Named[], FAIRNESS_MANAGER),
    "flow schemas": ensure(refs.flowschemas, flowSchemas as readonly Named[], FAIRNESS_MANAGER),
    "priority classes": ensure(refs.priorityclasses, systemPriorityClasses as readonly Named[]),
    "API services": ensure(refs.apiservices, builtInApiServices(server.resources) as readonly Named[]),
  };
  await Promise.all(Object.entries(steps).map(([step, work]) => startStep(log, step, work)));
  server.context.aggregation.start(client);
}
