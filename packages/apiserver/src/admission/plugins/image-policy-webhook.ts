/** Without it any image may run. A server outside is asked about the images of each pod; what it says holds for a while. */
import { createHash } from "node:crypto";
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Clock, Random } from "@kubets/machinery";
import { bool, ConfigError, int, object, str } from "@kubets/machinery/config-file";
import type { ReadonlyJson } from "@kubets/machinery/json-value";
import { LruCache } from "@kubets/machinery/lru";
import { parseYaml, toYaml } from "@kubets/machinery/yaml";
import { openWebhook, type Webhook } from "../../webhook/webhook.ts";
import { type PluginConfiguration, readConfiguration } from "../configuration.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../plugin.ts";
import { isWhole, refuse } from "../request.ts";

const imagePolicy = object({
  kubeConfigFile: str(),
  allowTTL: int(300),
  denyTTL: int(30),
  retryBackoff: int(500),
  defaultAllow: bool(),
});
const KINDS = { "imagepolicy.k8s.io/v1alpha1/ImagePolicyWebhookConfiguration": object({ imagePolicy }) } as const;

interface ReviewStatus {
  readonly allowed?: boolean;
  readonly reason?: string;
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

interface ImagePolicyOptions {
  readonly open: (clock: Clock, random: Random) => Promise<Pick<Webhook, "post">>;
  readonly allowMs: number;
  readonly denyMs: number;
  readonly defaultAllow: boolean;
}

const REMEMBERED = 1024;
/** Annotations of a pod that are meant for the server that is asked. */
const FOR_THE_POLICY = ".image-policy.k8s.io/";
const BREAK_GLASS = "image-policy.k8s.io/failed-open";

export function imagePolicyWebhook(given: PluginConfiguration | undefined): AdmissionPlugin {
  if (!given) return imagePolicyPlugin(undefined);
  // The file of the original has no kind.
  const head = "apiVersion: imagepolicy.k8s.io/v1alpha1\nkind: ImagePolicyWebhookConfiguration\n";
  const text = head + toYaml(parseYaml(given.text) as ReadonlyJson);
  const policy = readConfiguration({ ...given, text }, KINDS)?.imagePolicy;
  if (!policy?.kubeConfigFile)
    throw new ConfigError(`${given.from}: imagePolicy.kubeConfigFile: a kubeconfig is needed`);
  const { kubeConfigFile: kubeconfig, retryBackoff: firstWaitMs } = policy;
  return imagePolicyPlugin({
    open: (clock, random) => openWebhook({ kubeconfig, clock, random, firstWaitMs }),
    allowMs: policy.allowTTL * 1000,
    denyMs: policy.denyTTL * 1000,
    defaultAllow: policy.defaultAllow,
  });
}

export function imagePolicyPlugin(options: ImagePolicyOptions | undefined): AdmissionPlugin {
  const answers = new LruCache<string, { status: ReviewStatus; until: number }>(REMEMBERED);
  let opening: Promise<Pick<Webhook, "post">> | undefined;
  return {
    name: "ImagePolicyWebhook",
    handles: (operation, resource, subresource) =>
      (operation === "CREATE" || operation === "UPDATE") &&
      (isWhole(pods, resource, subresource) || (resource.resource === "pods" && subresource === "ephemeralcontainers")),
    async validate(request, { clock, random }) {
      if (!options)
        throw refuse(
          request,
          "the plugin ImagePolicyWebhook is on, but --admission-control-config-file does not configure it",
        );
      const review = reviewOf(request);
      const key = createHash("sha256").update(JSON.stringify(review)).digest("base64");
      let known = answers.get(key);
      if (!known || known.until <= clock.monotonic()) {
        try {
          opening ??= options.open(clock, random);
          const status = ((await (await opening).post(review))["status"] ?? {}) as ReviewStatus;
          known = { status, until: clock.monotonic() + (status.allowed ? options.allowMs : options.denyMs) };
          answers.set(key, known);
        } catch (error) {
          if (!options.defaultAllow) throw refuse(request, (error as Error).message);
          request.annotate(BREAK_GLASS, "true");
          return;
        }
      }
      const { allowed, reason = "", auditAnnotations = {} } = known.status;
      for (const [name, value] of Object.entries(auditAnnotations))
        request.annotate(`imagepolicywebhook.image-policy.k8s.io/${name}`, value);
      if (!allowed) throw refuse(request, `image policy webhook backend denied one or more images: ${reason}`);
    },
  };
}

function reviewOf({ object: draft, namespace }: AdmissionRequest): object {
  const { spec, metadata } = draft as unknown as Pod;
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.includes(FOR_THE_POLICY));
  return {
    kind: "ImageReview",
    apiVersion: "imagepolicy.k8s.io/v1alpha1",
    metadata: { creationTimestamp: null },
    spec: {
      containers: containers.map(({ image }) => ({ image })),
      ...(annotations.length && { annotations: Object.fromEntries(annotations) }),
      namespace,
    },
    status: { allowed: false },
  };
}
