/** VolumeAttachments: the wish to have a volume attached to a node, and what came of it. The wish never changes. */
import { dns1123Subdomain, type FieldError, forbiddenField, invalidValue, required, tooLong } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkForm, IMMUTABLE, sameValue } from "../field-checks.ts";
import { volumeattachments } from "../generated/refs.ts";
import type {
  VolumeAttachment,
  VolumeAttachmentSource,
  VolumeAttachmentSpec,
  VolumeAttachmentStatus,
  VolumeError,
} from "../generated/types/storage-v1.ts";
import { keepStatus, statusSubresource } from "../own-status.ts";
import { age, column, nameColumn } from "../table.ts";
import { driverNameErrors } from "./driver-name.ts";

const MAX_METADATA = 256 * 1024;
const MAX_MESSAGE = 1024;
const ONE_SOURCE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";

export const volumeAttachmentResource = define(volumeattachments, {
  unconditionalUpdate: false,
  prepareForCreate: (attachment) => {
    attachment.status = { attached: false };
  },
  prepareForUpdate: keepStatus,
  validate,
  validateUpdate,
  subresources: { status: statusSubresource(validateUpdate) },
  table: {
    columns: [
      nameColumn,
      { name: "Attacher", type: "string", format: "name", priority: 0 },
      column("PV"),
      column("Node"),
      column("Attached", "boolean"),
      column("Age"),
    ],
    cells: ({ metadata, spec, status }, now) => [
      metadata.name,
      spec.attacher,
      spec.source.persistentVolumeName ?? "",
      spec.nodeName,
      status.attached,
      age(metadata.creationTimestamp, now),
    ],
  },
});

function validate({ spec, status }: VolumeAttachment): FieldError[] {
  const { persistentVolumeName: name } = spec.source;
  return [
    ...driverNameErrors("spec.attacher", spec.attacher),
    ...sourceErrors(spec.source, "spec.source"),
    ...checkForm("spec.nodeName", spec.nodeName ?? "", dns1123Subdomain),
    ...statusErrors(status),
    ...(name == null ? [] : checkForm("spec.source.persistentVolumeName", name, dns1123Subdomain)),
  ];
}

function validateUpdate(attachment: VolumeAttachment, old: VolumeAttachment): FieldError[] {
  const errors = validate(attachment);
  return sameValue(attachment.spec, old.spec)
    ? errors
    : [...errors, invalidValue("spec", shown(attachment.spec), IMMUTABLE)];
}

const shown = ({ attacher, source, nodeName }: VolumeAttachmentSpec) => ({
  Attacher: attacher,
  Source: {
    PersistentVolumeName: source.persistentVolumeName ?? null,
    InlineVolumeSpec: source.inlineVolumeSpec ?? null,
  },
  NodeName: nodeName,
});

function sourceErrors(source: VolumeAttachmentSource, field: string): FieldError[] {
  const { persistentVolumeName: name, inlineVolumeSpec: inline } = source;
  if (name == null && !inline) return [required(field, ONE_SOURCE)];
  if (name != null && inline) return [forbiddenField(field, ONE_SOURCE)];
  return name === "" ? [required(`${field}.persistentVolumeName`, "must specify non empty persistentVolumeName")] : [];
}

function statusErrors(status: VolumeAttachmentStatus): FieldError[] {
  const { attachmentMetadata = {}, attachError, detachError } = status;
  const field = "status.attachmentMetadata";
  const bytes = Object.entries(attachmentMetadata).reduce((sum, [k, v]) => sum + Buffer.byteLength(k + v), 0);
  return [
    ...Object.keys(attachmentMetadata)
      .filter((key) => key === "")
      .map((key) => invalidValue(field, key, "field can not be empty.")),
    ...(bytes > MAX_METADATA ? [tooLong(field, MAX_METADATA)] : []),
    ...messageErrors(attachError, "status.attachError"),
    ...messageErrors(detachError, "status.detachError"),
  ];
}

const messageErrors = (error: VolumeError | undefined, field: string): FieldError[] =>
  Buffer.byteLength(error?.message ?? "") > MAX_MESSAGE ? [tooLong(`${field}.message`, MAX_MESSAGE)] : [];
