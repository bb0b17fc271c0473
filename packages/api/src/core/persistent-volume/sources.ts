/** The sources that a persistent volume may name, in the order in which the original looks for them. */
import { type FieldError, required } from "@kubets/machinery";
import { dns1123Label } from "@kubets/machinery/names";
import type { PersistentVolumeSpec, SecretReference } from "../../generated/types/core-v1.ts";
import { nameErrors, noBackSteps, requiredValue } from "../../pod/field-checks.ts";
import * as sources from "../../pod/volume-sources.ts";

type Spec = PersistentVolumeSpec;
export type SourceName = Exclude<
  keyof Spec,
  | "capacity"
  | "accessModes"
  | "claimRef"
  | "persistentVolumeReclaimPolicy"
  | "storageClassName"
  | "mountOptions"
  | "volumeMode"
  | "nodeAffinity"
  | "volumeAttributesClassName"
>;
type Check = (spec: Spec, field: string) => FieldError[];

const of =
  <K extends SourceName>(name: K, check: (source: NonNullable<Spec[K]>, field: string) => FieldError[]): Check =>
  (spec, field) =>
    check(spec[name] as NonNullable<Spec[K]>, field);

/** A secret of another namespace needs both its names. */
const secretErrors = (ref: SecretReference | undefined, field: string): FieldError[] =>
  ref ? [...requiredValue(`${field}.name`, ref.name), ...requiredValue(`${field}.namespace`, ref.namespace)] : [];

const CSI_SECRETS = [
  "controllerPublishSecretRef",
  "controllerExpandSecretRef",
  "nodePublishSecretRef",
  "nodeStageSecretRef",
  "nodeExpandSecretRef",
] as const;

export const SOURCES: readonly [SourceName, Check][] = [
  ["hostPath", of("hostPath", sources.hostPathErrors)],
  ["gcePersistentDisk", of("gcePersistentDisk", sources.gceErrors)],
  ["awsElasticBlockStore", of("awsElasticBlockStore", sources.awsErrors)],
  ["glusterfs", of("glusterfs", glusterErrors)],
  ["flocker", of("flocker", sources.flockerErrors)],
  ["nfs", of("nfs", sources.nfsErrors)],
  ["rbd", of("rbd", sources.rbdErrors)],
  ["quobyte", of("quobyte", sources.quobyteErrors)],
  ["cephfs", of("cephfs", sources.cephErrors)],
  ["iscsi", of("iscsi", (source, field) => sources.iscsiErrors(source, field, source.secretRef?.name))],
  [
    "cinder",
    of("cinder", ({ volumeID, secretRef }, field) => [
      ...requiredValue(`${field}.volumeID`, volumeID),
      ...secretErrors(secretRef, `${field}.secretRef`),
    ]),
  ],
  ["fc", of("fc", sources.fcErrors)],
  ["flexVolume", of("flexVolume", sources.flexErrors)],
  [
    "azureFile",
    of("azureFile", (source, field) => [
      ...sources.azureFileErrors(source, field),
      ...(source.secretNamespace === "" ? [required(`${field}.secretNamespace`)] : []),
    ]),
  ],
  ["vsphereVolume", of("vsphereVolume", ({ volumePath }, field) => requiredValue(`${field}.volumePath`, volumePath))],
  ["photonPersistentDisk", of("photonPersistentDisk", ({ pdID }, field) => requiredValue(`${field}.pdID`, pdID))],
  ["portworxVolume", of("portworxVolume", ({ volumeID }, field) => requiredValue(`${field}.volumeID`, volumeID))],
  ["azureDisk", of("azureDisk", sources.azureDiskErrors)],
  ["scaleIO", of("scaleIO", sources.scaleIoErrors)],
  ["local", localErrors],
  [
    "storageos",
    of("storageos", (source, field) => [
      ...sources.storageOsNames(source, field),
      ...(source.secretRef ? secretErrors(source.secretRef, `${field}.secretRef`) : []),
    ]),
  ],
  [
    "csi",
    of("csi", (source, field) => [
      ...sources.csiDriverErrors(source.driver, `${field}.driver`),
      ...requiredValue(`${field}.volumeHandle`, source.volumeHandle),
      ...CSI_SECRETS.flatMap((name) => secretErrors(source[name], `${field}.${name}`)),
    ]),
  ],
];

function glusterErrors(source: NonNullable<Spec["glusterfs"]>, field: string): FieldError[] {
  const errors = sources.glusterErrors(source, field);
  const { endpointsNamespace } = source;
  if (endpointsNamespace === undefined) return errors;
  return [...errors, ...nameErrors(`${field}.endpointsNamespace`, endpointsNamespace, dns1123Label)];
}

/** A disk of one machine can be used only there. */
function localErrors({ local, nodeAffinity }: Spec, field: string): FieldError[] {
  const path = local?.path;
  const errors = path ? noBackSteps(`${field}.path`, path) : [required(`${field}.path`)];
  if (!nodeAffinity) errors.push(required("spec.nodeAffinity", "Local volume requires node affinity"));
  return errors;
}
