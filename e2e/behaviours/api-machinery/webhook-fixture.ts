/** Webhooks of a behaviour: a server of its own beside the API server, configurations that concern its namespace alone, removed at its end. */
import { mutatingwebhookconfigurations, validatingwebhookconfigurations } from "@kubets/api/generated/refs";
import { startWebhooks, type WebhookServer } from "../../apiserver/webhook-server.ts";
import type { BehaviourContext } from "../context.ts";

export type Kind = "Mutating" | "Validating";

export interface Fixture {
  readonly server: WebhookServer;
  /** Registers one webhook, which answers at a path; gives the name of the configuration. */
  register(
    kind: Kind,
    path: string,
    webhook?: Record<string, unknown>,
    labels?: Record<string, string>,
  ): Promise<string>;
}

export const rule = (resource: string, operations = ["CREATE"], group = "", version = "v1") => ({
  apiGroups: [group],
  apiVersions: [version],
  operations,
  resources: [resource],
});

export async function webhooks(t: BehaviourContext): Promise<Fixture> {
  const server = await startWebhooks({ net: t.cluster.net });
  t.cleanup(() => server.close());
  return {
    server,
    async register(kind, path, webhook = {}, labels = {}) {
      const name = t.name("webhook");
      const configuration = {
        metadata: { name, labels },
        webhooks: [
          {
            name: "hook.behaviour.example",
            clientConfig: { url: `${server.url}${path}`, caBundle: server.caBundle },
            rules: [rule("configmaps")],
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": t.namespace } },
            sideEffects: "None",
            admissionReviewVersions: ["v1"],
            ...webhook,
          },
        ],
      };
      t.cleanup(() =>
        t.request("DELETE", `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}webhookconfigurations/${name}`),
      );
      if (kind === "Mutating") await t.client.create(mutatingwebhookconfigurations, configuration);
      else await t.client.create(validatingwebhookconfigurations, configuration);
      return name;
    },
  };
}

/** Why something was refused; fails when it was not. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it was not refused");
}

/** A patch that adds to the data of a ConfigMap. */
export const adds = (key: string, value: string) => ({
  allowed: true,
  patch: [{ op: "add", path: `/data/${key}`, value }],
});
