/** The ReplicationController that takes over: the old one with another image, or one from a file. */
import type { ReplicationController } from "@kubets/api/generated/types/core-v1";
import type { Draft, Input } from "@kubets/api/meta";
import { clone } from "@kubets/machinery/clone";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { fnv1a32 } from "@kubets/machinery/hash";
import { UsageError } from "../errors.ts";

const PREFIX = "kubectl.kubernetes.io/";
export const NEXT = `${PREFIX}next-controller-id`;
export const SOURCE = `${PREFIX}update-source-id`;
export const DESIRED = `${PREFIX}desired-replicas`;
export const ORIGINAL = `${PREFIX}original-replicas`;

interface ImageChange {
  readonly image: string;
  readonly container: string;
  readonly pullPolicy: string;
  /** The label that tells the pods of the two apart. */
  readonly labelKey: string;
  /** Its name; one is made of its content when absent. */
  readonly name?: string;
}

export const hashOf = (value: unknown): string => fnv1a32(JSON.stringify(value)).toString(16).padStart(8, "0");

export function withImage(old: ReplicationController, change: ImageChange): Input<ReplicationController> {
  const spec = clone(old.spec) as Draft<ReplicationController["spec"]>;
  const containers = spec.template?.spec?.containers ?? [];
  if (containers.length > 1 && !change.container)
    throw new UsageError("must specify the container to update (--container) if the controller has several");
  const found =
    containers.find(({ name }) => name === change.container) ?? (change.container ? undefined : containers[0]);
  if (!found) throw new UsageError(`container ${change.container} not found in ${old.metadata.name}`);
  found.image = change.image;
  if (change.pullPolicy) found.imagePullPolicy = change.pullPolicy;
  const hash = hashOf(spec.template);
  const labels = { ...old.spec.selector, [change.labelKey]: hash };
  if (spec.template)
    spec.template.metadata = { ...spec.template.metadata, labels: { ...spec.template.metadata?.labels, ...labels } };
  const { namespace, name } = old.metadata;
  return {
    metadata: {
      namespace,
      name: change.name ?? `${name}-${hash}`,
      ...(old.metadata.labels && { labels: old.metadata.labels }),
    },
    spec: { ...spec, replicas: old.spec.replicas, selector: labels },
  } as Input<ReplicationController>;
}

/** What is wrong with a controller that came from a file. */
export function fileProblem(
  old: ReplicationController,
  next: Input<ReplicationController>,
  source: string,
): string | undefined {
  if (next.metadata?.name === old.metadata.name)
    return `${source} cannot have the same name as the existing ReplicationController ${old.metadata.name}`;
  const selector = (next.spec as ReplicationController["spec"] | undefined)?.selector ?? {};
  if (deepEqual(selector, old.spec.selector ?? {}))
    return `${source} must specify a matching key with non-equal value in Selector for ${old.metadata.name}`;
  return undefined;
}
