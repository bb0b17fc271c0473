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
import type { Client } from "@kubets/client/client";
import { createClient } from "@kubets/client/typed-client";
import { isReason } from "@kubets/machinery";
import { type ApiServer, SERVER_USER } from "./api-server.ts";
import { reconcileRoles } from "./bootstrap-roles.ts";
import { startStep } from "./start-step.ts";

/** Whom the objects of priority and fairness name as their maker. */
const FAIRNESS_MANAGER = "api-priority-and-fairness-config-producer-v1";

type Named = { readonly metadata?: { readonly name?: string; readonly namespace?: string } };

export async function bootstrap(server: ApiServer): Promise<void> {
  const { view, options, log } = server.context;
  const client = ownClient(server);
  const ensure = ensuring(server, client);
  await bootstrapNamespaces(server);
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

/** What all else of the system stands in. */
export const bootstrapNamespaces = (server: ApiServer): Promise<void> =>
  startStep(
    server.context.log,
    "system namespaces",
    ensuring(server, ownClient(server))(refs.namespaces, systemNamespaces as readonly Named[]),
  );

const ownClient = (server: ApiServer): Client =>
  createClient(server.transport(SERVER_USER), { userAgent: "kube-apiserver" });

function ensuring({ context: { view } }: ApiServer, client: Client) {
  return async <T extends KubeObject>(ref: ResourceRef<T>, objects: readonly Named[], fieldManager?: string) => {
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
}
