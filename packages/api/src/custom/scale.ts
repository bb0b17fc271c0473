/** The scale of custom objects: replicas and selector at the paths that the definition names. */
import { type FieldError, invalidValue } from "@kubets/machinery";
import type { CustomResourceSubresourceScale } from "../generated/types/apiextensions-v1.ts";
import type { KubeObject } from "../meta.ts";
import type { ScalePaths } from "../resource.ts";
import { pathNames, setValueAt, valueAt } from "./member-path.ts";

const MAX_INT32 = 2 ** 31 - 1;

export function scalePaths({
  specReplicasPath,
  statusReplicasPath,
  labelSelectorPath,
}: CustomResourceSubresourceScale): ScalePaths {
  const path = pathNames(specReplicasPath);
  const number = (value: unknown) => (typeof value === "number" ? value : 0);
  return {
    path,
    spec: (object) => {
      const value = valueAt(object, path);
      return value === undefined ? undefined : number(value);
    },
    status: (object) => number(valueAt(object, pathNames(statusReplicasPath))),
    selector: (object) => {
      const value = labelSelectorPath && valueAt(object, pathNames(labelSelectorPath));
      return typeof value === "string" ? value : "";
    },
    setSpec: (draft, replicas) => setValueAt(draft, path, replicas),
  };
}

/** What is wrong with the values at the paths: of the whole object, or of its status alone. */
export function scaleErrors(
  object: KubeObject,
  scale: CustomResourceSubresourceScale | undefined,
  part: "all" | "spec" | "status",
): FieldError[] {
  if (!scale) return [];
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  return [
    ...(part === "status" ? [] : replicasErrors(object, specReplicasPath)),
    ...(part === "spec"
      ? []
      : [...replicasErrors(object, statusReplicasPath), ...selectorErrors(object, labelSelectorPath)]),
  ];
}

function replicasErrors(object: KubeObject, path: string): FieldError[] {
  const value = valueAt(object, pathNames(path));
  if (value === undefined) return [];
  if (typeof value !== "number" && typeof value !== "bigint")
    return [
      invalidValue(path, 0, `${path} accessor error: ${shown(value)} is of the type ${goType(value)}, expected int64`),
    ];
  if (value < 0) return [invalidValue(path, value, "should be a non-negative integer")];
  return value > MAX_INT32 ? [invalidValue(path, value, `should be less than or equal to ${MAX_INT32}`)] : [];
}

function selectorErrors(object: KubeObject, path: string | undefined): FieldError[] {
  const value = path && valueAt(object, pathNames(path));
  return path && value !== undefined && typeof value !== "string"
    ? [
        invalidValue(
          path,
          "",
          `${path} accessor error: ${shown(value)} is of the type ${goType(value)}, expected string`,
        ),
      ]
    : [];
}

const shown = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));

function goType(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (value === null) return "<nil>";
  if (typeof value === "object") return "map[string]interface {}";
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "float64";
}
