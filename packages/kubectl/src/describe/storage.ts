/** Storage: classes, volumes and claims. */
import { type JsonObject, listAt, mapAt, nameOf, namespaceOf, objectAt, textAt, textsAt } from "../json.ts";
import { type Describer, itemsAt } from "./describer.ts";
import { eventLines } from "./events.ts";
import { type Lines, orNone } from "./lines.ts";
import { annotations, labels } from "./metadata.ts";
import { attributeLines } from "./volumes.ts";

const pairs = (map: Readonly<Record<string, string>>): string =>
  orNone(
    Object.keys(map)
      .sort()
      .map((key) => `${key}=${map[key]}`)
      .join(","),
  );

const SHORT_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};
const modes = (object: JsonObject, ...path: string[]): string =>
  ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]
    .filter((mode) => textsAt(object, ...path).includes(mode))
    .map((mode) => SHORT_MODES[mode])
    .join(",");

/** With the mark that says that it is on its way out. */
function statusText(object: JsonObject): string {
  const deleted = textAt(object, "metadata", "deletionTimestamp");
  return deleted ? "Terminating" : textAt(object, "status", "phase");
}

const finalizers = (object: JsonObject): string => `[${textsAt(object, "metadata", "finalizers").join(" ")}]`;

export const storageClass: Describer = ({ object, lines, events, now }) => {
  const notes = mapAt(object, "metadata", "annotations");
  lines.field(0, "Name", nameOf(object));
  lines.field(0, "IsDefaultClass", notes["storageclass.kubernetes.io/is-default-class"] === "true" ? "Yes" : "No");
  lines.field(0, "Annotations", pairs(notes));
  lines.field(0, "Provisioner", textAt(object, "provisioner"));
  lines.field(0, "Parameters", pairs(mapAt(object, "parameters")));
  const expands = textAt(object, "allowVolumeExpansion");
  lines.field(0, "AllowVolumeExpansion", expands === "" ? "<unset>" : expands === "true" ? "True" : "False");
  const options = textsAt(object, "mountOptions");
  if (options.length === 0) lines.field(0, "MountOptions", "<none>");
  else {
    lines.line(0, "MountOptions:");
    for (const option of options) lines.line(1, option);
  }
  lines.field(0, "ReclaimPolicy", textAt(object, "reclaimPolicy"));
  lines.field(0, "VolumeBindingMode", textAt(object, "volumeBindingMode"));
  const topologies = listAt(object, "allowedTopologies");
  if (topologies.length > 0) {
    lines.field(0, "AllowedTopologies", "");
    terms(lines, 1, topologies, (term) =>
      listAt(term, "matchLabelExpressions").map(
        (each) => `${textAt(each, "key")} in [${textsAt(each, "values").join(", ")}]`,
      ),
    );
  }
  eventLines(lines, events, now);
};

export const claim: Describer = async ({ object, lines, events, now, api, info }) => {
  lines.field(0, "Name", nameOf(object));
  lines.field(0, "Namespace", namespaceOf(object));
  lines.field(0, "StorageClass", textAt(object, "spec", "storageClassName"));
  lines.field(0, "Status", statusText(object));
  const volume = textAt(object, "spec", "volumeName");
  lines.field(0, "Volume", volume);
  labels(lines, object);
  annotations(lines, object);
  lines.field(0, "Finalizers", finalizers(object));
  lines.field(0, "Capacity", volume && textAt(object, "status", "capacity", "storage"));
  lines.field(0, "Access Modes", volume && modes(object, "status", "accessModes"));
  lines.field(0, "VolumeMode", textAt(object, "spec", "volumeMode") || "Filesystem");
  const source = objectAt(object, "spec", "dataSource");
  if (textAt(source, "name")) {
    lines.line(0, "DataSource:");
    for (const [title, field] of [
      ["APIGroup", "apiGroup"],
      ["Kind", "kind"],
      ["Name", "name"],
    ] as const)
      if (field !== "apiGroup" || textAt(source, field)) lines.field(1, title, textAt(source, field));
  }
  const users = (await itemsAt(api, `/api/v1/namespaces/${info.namespace}/pods`)).filter((pod) =>
    listAt(pod, "spec", "volumes").some((each) => textAt(each, "persistentVolumeClaim", "claimName") === info.name),
  );
  const [first = "<none>", ...more] = users.map(nameOf);
  lines.field(0, "Used By", first);
  for (const name of more) lines.line(0, `\t${name}`);
  eventLines(lines, events, now);
};

export const volume: Describer = ({ object, lines, events, now }) => {
  const spec = objectAt(object, "spec");
  const reference = objectAt(spec, "claimRef");
  lines.field(0, "Name", nameOf(object));
  labels(lines, object);
  annotations(lines, object);
  lines.field(0, "Finalizers", finalizers(object));
  lines.field(0, "StorageClass", textAt(spec, "storageClassName"));
  lines.field(0, "Status", statusText(object));
  lines.field(
    0,
    "Claim",
    textAt(reference, "name") && `${textAt(reference, "namespace")}/${textAt(reference, "name")}`,
  );
  lines.field(0, "Reclaim Policy", textAt(spec, "persistentVolumeReclaimPolicy"));
  lines.field(0, "Access Modes", modes(spec, "accessModes"));
  lines.field(0, "VolumeMode", textAt(spec, "volumeMode") || "Filesystem");
  lines.field(0, "Capacity", textAt(spec, "capacity", "storage"));
  affinity(lines, spec);
  lines.field(0, "Message", textAt(object, "status", "message"));
  lines.line(0, "Source:");
  source(lines, spec);
  eventLines(lines, events, now);
};

function affinity(lines: Lines, spec: JsonObject): void {
  const required = listAt(spec, "nodeAffinity", "required", "nodeSelectorTerms");
  if (required.length === 0) return lines.field(0, "Node Affinity", "<none>");
  lines.field(0, "Node Affinity", "");
  lines.field(1, "Required Terms", "");
  terms(lines, 2, required, (term) =>
    listAt(term, "matchExpressions").map((each) => {
      const values = textsAt(each, "values");
      const told = `${textAt(each, "key")} ${textAt(each, "operator").toLowerCase()}`;
      return values.length > 0 ? `${told} [${values.join(", ")}]` : told;
    }),
  );
}

function terms(lines: Lines, level: number, list: readonly JsonObject[], told: (term: JsonObject) => string[]): void {
  for (const [i, term] of list.entries()) {
    const [first = "<none>", ...more] = told(term);
    lines.field(level, `Term ${i}`, first);
    for (const each of more) lines.line(level, `\t${each}`);
  }
}

/** Where the bytes are: the fields that each kind of volume is told by. */
const SOURCES: Readonly<
  Record<string, readonly [type: string, ...fields: (readonly [title: string, field: string])[]]>
> = {
  hostPath: ["HostPath (bare host directory volume)", ["Path", "path"], ["HostPathType", "type"]],
  local: ["LocalVolume (a persistent volume backed by local storage on a node)", ["Path", "path"]],
  nfs: [
    "NFS (an NFS mount that lasts the lifetime of a pod)",
    ["Server", "server"],
    ["Path", "path"],
    ["ReadOnly", "readOnly"],
  ],
  csi: [
    "CSI (a Container Storage Interface (CSI) volume source)",
    ["Driver", "driver"],
    ["FSType", "fsType"],
    ["VolumeHandle", "volumeHandle"],
    ["ReadOnly", "readOnly"],
  ],
};

function source(lines: Lines, spec: JsonObject): void {
  const kind = Object.keys(SOURCES).find((each) => spec[each] !== undefined);
  if (!kind) return lines.line(1, "<unknown>");
  const [type, ...fields] = SOURCES[kind] as (typeof SOURCES)[string];
  lines.line(2, `Type:\t${type}`);
  for (const [title, field] of fields)
    lines.line(2, `${title}:\t${textAt(spec, kind, field) || (field === "readOnly" ? "false" : "")}`);
  if (kind === "csi") attributeLines(lines, "VolumeAttributes", mapAt(spec, "csi", "volumeAttributes"));
}
