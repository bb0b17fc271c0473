/** A kustomization as it is written: which files it is made of, and what is to be done to their objects. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "@kubets/machinery/json-value";
import { parseYaml } from "@kubets/machinery/yaml";
import { UsageError } from "../errors.ts";
import type { JsonObject } from "../json.ts";

export interface LabelRule {
  readonly pairs: Readonly<Record<string, string>>;
  readonly includeSelectors?: boolean;
  readonly includeTemplates?: boolean;
}

export interface ImageRule {
  readonly name: string;
  readonly newName?: string;
  readonly newTag?: string;
  readonly digest?: string;
}

export interface Target {
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly annotationSelector?: string;
}

export interface PatchRule {
  readonly path?: string;
  readonly patch?: string;
  readonly target?: Target;
}

export interface GeneratorOptions {
  readonly disableNameSuffixHash?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

export interface GeneratorRule {
  readonly name: string;
  readonly namespace?: string;
  readonly type?: string;
  readonly behavior?: "create" | "merge" | "replace";
  readonly literals?: readonly string[];
  readonly files?: readonly string[];
  readonly envs?: readonly string[];
  readonly env?: string;
  readonly options?: GeneratorOptions;
}

export interface Kustomization {
  readonly resources?: readonly string[];
  readonly bases?: readonly string[];
  readonly namespace?: string;
  readonly namePrefix?: string;
  readonly nameSuffix?: string;
  readonly commonLabels?: Readonly<Record<string, string>>;
  readonly labels?: readonly LabelRule[];
  readonly commonAnnotations?: Readonly<Record<string, string>>;
  readonly images?: readonly ImageRule[];
  readonly replicas?: readonly { readonly name: string; readonly count: number }[];
  readonly patches?: readonly PatchRule[];
  readonly patchesStrategicMerge?: readonly string[];
  readonly patchesJson6902?: readonly PatchRule[];
  readonly configMapGenerator?: readonly GeneratorRule[];
  readonly secretGenerator?: readonly GeneratorRule[];
  readonly generatorOptions?: GeneratorOptions;
}

const NAMES = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
const KNOWN = new Set([
  "apiVersion",
  "kind",
  "metadata",
  "resources",
  "bases",
  "namespace",
  "namePrefix",
  "nameSuffix",
  "commonLabels",
  "labels",
  "commonAnnotations",
  "images",
  "replicas",
  "patches",
  "patchesStrategicMerge",
  "patchesJson6902",
  "configMapGenerator",
  "secretGenerator",
  "generatorOptions",
]);

export async function readKustomization(folder: string): Promise<Kustomization> {
  for (const name of NAMES) {
    const path = join(folder, name);
    if (!(await stat(path).catch(() => undefined))?.isFile()) continue;
    const found = parseYaml(await readFile(path, "utf8")) ?? {};
    if (!isObject(found)) throw new UsageError(`${path} holds no kustomization`);
    const odd = Object.keys(found).find((field) => !KNOWN.has(field));
    if (odd !== undefined)
      throw new UsageError(
        `invalid Kustomization: ${path}: unknown field ${JSON.stringify(odd)}, or one that kubets kubectl does not know`,
      );
    return found as JsonObject as Kustomization;
  }
  throw new UsageError(
    `unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${folder}'`,
  );
}
