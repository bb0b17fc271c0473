/**
 * Names of webhooks and policies that a server reads from files of its own (ManifestBasedAdmissionControlConfig). Nobody creates such a name through the
 * API: what comes from where is told apart by it. Without the feature who does is warned.
 */
import { type FieldError, invalidValue } from "@kubets/machinery";
import type { KubeObject } from "../meta.ts";
import type { WriteContext } from "../resource.ts";

export const STATIC_NAME_END = ".static.k8s.io";
export const MANIFESTS_GATE = "ManifestBasedAdmissionControlConfig";

const RESERVED = `names ending with ${JSON.stringify(STATIC_NAME_END)} are reserved for static manifest-based configurations and cannot be managed via the API`;

type Named = Pick<KubeObject, "metadata">;
type Features = Pick<WriteContext, "featureEnabled">;

const isStatic = ({ metadata }: Named) => metadata.name.endsWith(STATIC_NAME_END);

export const staticNames = {
  validateNewName: (object: Named, { featureEnabled }: Features): FieldError[] =>
    isStatic(object) && featureEnabled(MANIFESTS_GATE)
      ? [invalidValue("metadata.name", object.metadata.name, RESERVED)]
      : [],
  warnings: (object: Named, old: Named | undefined, { featureEnabled }: Features): string[] =>
    !old && isStatic(object) && !featureEnabled(MANIFESTS_GATE) ? [`metadata.name: ${RESERVED}`] : [],
};
