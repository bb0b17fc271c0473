/** What the dashboard knows of any object; of some kinds it knows more. */
import type { ObjectMeta } from "@kubets/api/generated/types/meta-v1";

export type { ObjectMeta, OwnerReference } from "@kubets/api/generated/types/meta-v1";

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: unknown;
}
