/** The sources of volumes that a pod may name, in the order in which the original looks for them. */
import { type FieldError, forbiddenField, invalidValue, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { dns1123Subdomain } from "@kubets/machinery/names";
import { tryParseQuantity } from "@kubets/machinery/quantity";
import type { Volume } from "../generated/types/core-v1.ts";
import { localPath, nameErrors, oneOf, requiredValue } from "./field-checks.ts";
import { validateClaimTemplate } from "./validate-claim-spec.ts";
import { configMapErrors, downwardErrors, projectedErrors, secretErrors } from "./validate-file-volumes.ts";
import * as sources from "./volume-sources.ts";

export interface VolumeContext {
  /** A pod's own name, where the volumes are those of a pod: claims are named after both. */
  readonly podName: string | undefined;
}

type Check = (volume: Volume, field: string, context: VolumeContext) => FieldError[];

/** A check that looks at nothing but its own source. */
const of =
  <K extends keyof Volume>(name: K, check: (source: NonNullable<Volume[K]>, field: string) => FieldError[]): Check =>
  (volume, field) =>
    check(volume[name] as NonNullable<Volume[K]>, field);

const refName = (ref: { name?: string } | undefined, field: string): FieldError[] =>
  ref ? requiredValue(`${field}.name`, ref.name) : [];

export const VOLUME_SOURCES: readonly [Exclude<keyof Volume, "name">, Check][] = [
  [
    "emptyDir",
    of("emptyDir", ({ sizeLimit }, field) =>
      sizeLimit && (tryParseQuantity(sizeLimit)?.sign() ?? 0) < 0
        ? [forbiddenField(`${field}.sizeLimit`, "SizeLimit field must be a valid resource quantity")]
        : [],
    ),
  ],
  ["hostPath", of("hostPath", sources.hostPathErrors)],
  [
    "gitRepo",
    of("gitRepo", ({ repository, directory }, field) =>
      joined(
        requiredValue(`${field}.repository`, repository),
        directory ? localPath(`${field}.directory`, directory) : [],
      ),
    ),
  ],
  ["gcePersistentDisk", of("gcePersistentDisk", sources.gceErrors)],
  ["awsElasticBlockStore", of("awsElasticBlockStore", sources.awsErrors)],
  ["secret", of("secret", secretErrors)],
  ["nfs", of("nfs", sources.nfsErrors)],
  ["iscsi", of("iscsi", (source, field) => sources.iscsiErrors(source, field, source.secretRef?.name))],
  ["glusterfs", of("glusterfs", sources.glusterErrors)],
  ["flocker", of("flocker", sources.flockerErrors)],
  [
    "persistentVolumeClaim",
    of("persistentVolumeClaim", ({ claimName }, field) => requiredValue(`${field}.claimName`, claimName)),
  ],
  ["rbd", of("rbd", sources.rbdErrors)],
  [
    "cinder",
    of("cinder", ({ volumeID, secretRef }, field) =>
      joined(requiredValue(`${field}.volumeID`, volumeID), refName(secretRef, `${field}.secretRef`)),
    ),
  ],
  ["cephfs", of("cephfs", sources.cephErrors)],
  ["quobyte", of("quobyte", sources.quobyteErrors)],
  ["downwardAPI", of("downwardAPI", downwardErrors)],
  ["fc", of("fc", sources.fcErrors)],
  ["flexVolume", of("flexVolume", sources.flexErrors)],
  ["configMap", of("configMap", configMapErrors)],
  ["azureFile", of("azureFile", sources.azureFileErrors)],
  ["vsphereVolume", of("vsphereVolume", ({ volumePath }, field) => requiredValue(`${field}.volumePath`, volumePath))],
  ["photonPersistentDisk", of("photonPersistentDisk", ({ pdID }, field) => requiredValue(`${field}.pdID`, pdID))],
  ["portworxVolume", of("portworxVolume", ({ volumeID }, field) => requiredValue(`${field}.volumeID`, volumeID))],
  ["azureDisk", of("azureDisk", sources.azureDiskErrors)],
  [
    "storageos",
    of("storageos", (source, field) =>
      joined(sources.storageOsNames(source, field), refName(source.secretRef, `${field}.secretRef`)),
    ),
  ],
  ["projected", of("projected", projectedErrors)],
  ["scaleIO", of("scaleIO", sources.scaleIoErrors)],
  [
    "csi",
    of("csi", ({ driver, nodePublishSecretRef }, field) =>
      joined(
        sources.csiDriverErrors(driver, `${field}.driver`),
        nodePublishSecretRef && !nodePublishSecretRef.name ? [required(`${field}.nodePublishSecretRef`)] : [],
      ),
    ),
  ],
  ["ephemeral", ephemeralErrors],
  [
    "image",
    of("image", ({ reference, pullPolicy }, field) =>
      joined(
        requiredValue(`${field}.reference`, reference),
        oneOf(`${field}.pullPolicy`, pullPolicy, ["Always", "IfNotPresent", "Never"]),
      ),
    ),
  ],
];

function ephemeralErrors({ name, ephemeral }: Volume, field: string, { podName }: VolumeContext): FieldError[] {
  const template = ephemeral?.volumeClaimTemplate;
  const at = `${field}.volumeClaimTemplate`;
  if (!template) return [required(at)];
  const errors = validateClaimTemplate(template, at);
  if (!podName) return errors;
  const claim = `${podName}-${name}`;
  const texts = nameErrors("", claim, dns1123Subdomain).map(({ detail }) => detail);
  return joined(
    errors,
    texts.map((text) => invalidValue("name", claim, text)),
  );
}
