/** Volumes of pods in descriptions: for each kind its sentence and the fields that matter. */
import { type JsonObject, listAt, mapAt, objectAt, textAt } from "../json.ts";
import type { Lines } from "./lines.ts";

export function volumeLines(lines: Lines, volumes: readonly JsonObject[], indent: string): void {
  if (volumes.length === 0) return lines.line(0, `${indent}Volumes:\t<none>`);
  lines.line(0, `${indent}Volumes:`);
  for (const volume of volumes) {
    lines.line(1, `${indent && " "}${textAt(volume, "name")}:`);
    const type = Object.keys(volume).find((key) => key !== "name") ?? "emptyDir";
    const describe = KINDS[type];
    if (describe) describe(lines, objectAt(volume, type));
    else lines.line(2, "<unknown>");
  }
}

type Describe = (lines: Lines, source: JsonObject) => void;

/** A field by its title, where it comes from, and what stands for nothing. */
type Row = readonly [title: string, field: string, otherwise?: string];

const simple =
  (sentence: string, ...rows: readonly Row[]): Describe =>
  (lines, source) => {
    lines.field(2, "Type", sentence);
    for (const [title, field, otherwise = ""] of rows)
      lines.field(2, title, textAt(source, ...field.split(".")) || otherwise);
  };

function projected(lines: Lines, source: JsonObject): void {
  lines.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
  for (const each of listAt(source, "sources")) {
    if (each.secret) {
      lines.field(2, "SecretName", textAt(each, "secret", "name"));
      lines.field(2, "Optional", objectAt(each, "secret").optional === true);
    } else if (each.downwardAPI) lines.field(2, "DownwardAPI", "true");
    else if (each.configMap) {
      lines.field(2, "ConfigMapName", textAt(each, "configMap", "name"));
      lines.field(2, "Optional", objectAt(each, "configMap").optional === true);
    } else if (each.serviceAccountToken)
      lines.field(2, "TokenExpirationSeconds", textAt(each, "serviceAccountToken", "expirationSeconds"));
  }
}

function downward(lines: Lines, source: JsonObject): void {
  lines.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
  lines.line(2, "Items:");
  for (const item of listAt(source, "items")) {
    if (item.fieldRef) lines.line(3, `${textAt(item, "fieldRef", "fieldPath")} -> ${textAt(item, "path")}`);
    if (item.resourceFieldRef)
      lines.line(3, `${textAt(item, "resourceFieldRef", "resource")} -> ${textAt(item, "path")}`);
  }
}

/** Each behind the blanks of its level once more, as the original writes them. */
export function attributeLines(lines: Lines, title: string, map: Readonly<Record<string, string>>): void {
  const [first, ...more] = Object.keys(map)
    .sort()
    .map((key) => `${key}=${map[key]}`);
  lines.line(2, `${title}:\t    ${first ?? "<none>"}`);
  for (const each of more) lines.line(4, `\t    ${each}`);
}

function driver(lines: Lines, source: JsonObject): void {
  simple(
    "CSI (a Container Storage Interface (CSI) volume source)",
    ["Driver", "driver"],
    ["FSType", "fsType"],
    ["ReadOnly", "readOnly", "false"],
  )(lines, source);
  attributeLines(lines, "VolumeAttributes", mapAt(source, "volumeAttributes"));
}

/** A claim that comes and goes with the pod; what it has is only told once there is a volume. */
function ephemeral(lines: Lines, source: JsonObject): void {
  const template = objectAt(source, "volumeClaimTemplate");
  const volume = textAt(template, "spec", "volumeName");
  lines.field(
    2,
    "Type",
    "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)",
  );
  lines.field(2, "StorageClass", textAt(template, "spec", "storageClassName"));
  lines.field(2, "Volume", volume);
  attributeLines(lines, "Labels", mapAt(template, "metadata", "labels"));
  attributeLines(lines, "Annotations", mapAt(template, "metadata", "annotations"));
  lines.field(2, "Capacity", volume && textAt(template, "spec", "resources", "requests", "storage"));
  lines.field(2, "Access Modes", volume && listAt(template, "spec", "accessModes").join(","));
  lines.field(2, "VolumeMode", textAt(template, "spec", "volumeMode") || "Filesystem");
}

const KINDS: Readonly<Record<string, Describe>> = {
  hostPath: simple("HostPath (bare host directory volume)", ["Path", "path"], ["HostPathType", "type"]),
  emptyDir: simple(
    "EmptyDir (a temporary directory that shares a pod's lifetime)",
    ["Medium", "medium"],
    ["SizeLimit", "sizeLimit", "<unset>"],
  ),
  secret: simple(
    "Secret (a volume populated by a Secret)",
    ["SecretName", "secretName"],
    ["Optional", "optional", "false"],
  ),
  configMap: simple(
    "ConfigMap (a volume populated by a ConfigMap)",
    ["Name", "name"],
    ["Optional", "optional", "false"],
  ),
  persistentVolumeClaim: simple(
    "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
    ["ClaimName", "claimName"],
    ["ReadOnly", "readOnly", "false"],
  ),
  nfs: simple(
    "NFS (an NFS mount that lasts the lifetime of a pod)",
    ["Server", "server"],
    ["Path", "path"],
    ["ReadOnly", "readOnly", "false"],
  ),
  image: simple("Image (a container image or OCI artifact)", ["Reference", "reference"], ["PullPolicy", "pullPolicy"]),
  csi: driver,
  ephemeral,
  projected,
  downwardAPI: downward,
};
