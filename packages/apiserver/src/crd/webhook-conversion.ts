/**
 * Conversion of custom objects by a webhook, in one call for as many as need it. What comes back is checked: as many objects, of the version that was
 * asked for, each still itself. Of the metadata only labels and annotations may change.
 */
import { readObject } from "@kubets/api/custom/conversion";
import type { CustomResourceDefinition } from "@kubets/api/generated/types/apiextensions-v1";
import type { KubeObject } from "@kubets/api/meta";
import { parseGroupVersion } from "@kubets/api/resource-ref";
import type { Schema } from "@kubets/api/structural/schema";
import { type Random, StatusError } from "@kubets/machinery";
import type { ConversionFailure, ExtensionMetrics } from "../metrics/extension-metrics.ts";
import type { WebhookClient } from "../webhooks/webhook-client.ts";

/** The same objects in another version, in their order. Throws a StatusError that names the webhook's fault. */
export type Converter = (objects: readonly KubeObject[], apiVersion: string) => Promise<readonly KubeObject[]>;

const TIMEOUT_MS = 30_000;
const REVIEW_VERSION = "apiextensions.k8s.io/v1";

interface Review {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly response?: {
    readonly uid?: string;
    readonly convertedObjects?: readonly KubeObject[];
    readonly result?: { readonly status?: string; readonly message?: string };
  };
}

interface ConversionParts {
  readonly metrics: ExtensionMetrics;
  readonly webhooks: WebhookClient;
  readonly random: Random;
  /** The schema of a version, which what the webhook answers is read by. */
  schema(version: string): Schema;
}

export function webhookConverter(
  { metadata, spec }: CustomResourceDefinition,
  { webhooks, random, metrics, schema }: ConversionParts,
): Converter {
  const target = spec.conversion?.webhook?.clientConfig ?? {};
  const definition = metadata.name;
  return async (objects, apiVersion) => {
    const { version } = parseGroupVersion(apiVersion);
    const foreign = objects.filter((object) => object.apiVersion !== apiVersion);
    const converted = new Map<KubeObject, KubeObject>();
    if (foreign.length) {
      const kind = kindText(foreign[0] as KubeObject);
      const began = performance.now();
      let failure: ConversionFailure | undefined;
      try {
        const answers = await ask(foreign, apiVersion, kind);
        for (const [i, object] of foreign.entries())
          converted.set(
            object,
            checked(object, answers[i] as KubeObject, apiVersion, `conversion webhook for ${kind}`, i),
          );
      } catch (error) {
        failure = (error as ConversionError).failure;
        throw error;
      } finally {
        const from = parseGroupVersion((foreign[0] as KubeObject).apiVersion ?? "").version;
        metrics.converted({ definition, from, to: version, seconds: (performance.now() - began) / 1000, failure });
      }
    }
    return objects.map((object) => readObject(schema(version), converted.get(object) ?? object) as KubeObject);
  };

  async function ask(
    objects: readonly KubeObject[],
    desiredAPIVersion: string,
    kind: string,
  ): Promise<readonly KubeObject[]> {
    const uid = random.uuid();
    const review = {
      kind: "ConversionReview",
      apiVersion: REVIEW_VERSION,
      request: { uid, desiredAPIVersion, objects },
    };
    const fail = (failure: ConversionFailure, why: string, cause?: unknown) =>
      new ConversionError(failure, `conversion webhook for ${kind} failed: ${why}`, cause);
    let answer: Review;
    try {
      answer = (await webhooks.call(target, review, TIMEOUT_MS)) as Review;
    } catch (error) {
      throw fail("conversion_webhook_call_failure", (error as Error).message, error);
    }
    const why = problemOf(answer, uid);
    if (why) throw fail("conversion_webhook_malformed_response_failure", why);
    const found = answer.response?.convertedObjects ?? [];
    if (found.length !== objects.length)
      throw new ConversionError(
        "conversion_webhook_partial_response_failure",
        `conversion webhook for ${kind} returned ${found.length} objects, expected ${objects.length}`,
      );
    return found;
  }
}

function problemOf(review: Review, uid: string): string | undefined {
  const { kind = "", apiVersion = "", response } = review ?? {};
  if (kind !== "ConversionReview" || apiVersion !== REVIEW_VERSION)
    return `expected webhook response of ${REVIEW_VERSION}, Kind=ConversionReview, got ${apiVersion || "/"}, Kind=${kind}`;
  if (!response) return "no response provided";
  if (response.uid !== uid)
    return `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? "")}`;
  const { status = "", message } = response.result ?? {};
  return status === "Success" ? undefined : message || `response.result.status was '${status}', not 'Success'`;
}

/** The answer for one object, with the metadata that a webhook may not change put back. */
function checked(from: KubeObject, to: KubeObject, apiVersion: string, webhook: string, index: number): KubeObject {
  const wrong = (why: string) =>
    new ConversionError(
      "conversion_webhook_invalid_converted_object_failure",
      `${webhook} returned invalid converted object at index ${index}: ${why}`,
    );
  if (to?.apiVersion !== apiVersion)
    throw wrong(`invalid groupVersion (expected ${apiVersion}, received ${to?.apiVersion ?? ""})`);
  if (to.kind !== from.kind) throw wrong(`invalid kind (expected ${from.kind}, received ${to.kind})`);
  for (const field of ["name", "namespace", "uid"] as const)
    if ((to.metadata?.[field as "name"] ?? "") !== (from.metadata[field as "name"] ?? ""))
      throw wrong(
        `must have the same ${field === "uid" ? "UID" : field}: ${from.metadata[field as "name"]} != ${to.metadata?.[field as "name"]}`,
      );
  const { labels: _labels, annotations: _annotations, ...kept } = from.metadata;
  const { labels, annotations } = to.metadata;
  return { ...to, metadata: { ...kept, ...(labels && { labels }), ...(annotations && { annotations }) } };
}

/** "example.com/v1, Kind=Thing". */
const kindText = ({ apiVersion, kind }: KubeObject): string => `${apiVersion}, Kind=${kind}`;

class ConversionError extends StatusError {
  readonly failure: ConversionFailure;

  constructor(failure: ConversionFailure, message: string, cause?: unknown) {
    super({ code: 500, message }, { cause });
    this.failure = failure;
  }
}
