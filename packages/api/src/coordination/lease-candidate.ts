/** LeaseCandidates: who would hold a lease, and with which version, where the one that holds it is chosen for them. Served when asked for. */
import { compareSemvers, semverValue } from "@kubets/cel/cel";
import { configMapKey, type FieldError, invalidValue, required } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkImmutable } from "../field-checks.ts";
import { leasecandidates, leasecandidatesV1ALPHA2 } from "../generated/refs.ts";
import type { LeaseCandidate } from "../generated/types/coordination-v1beta1.ts";
import { deprecation, otherVersion } from "../other-version.ts";
import { age, column, nameColumn } from "../table.ts";
import { ELECTION, strategyErrors } from "./election.ts";

export const leaseCandidateResource = define(leasecandidates, {
  stability: "beta",
  gate: ELECTION,
  deprecation: deprecation(leasecandidates, "1.36", "1.39"),
  createOnUpdate: true,
  unconditionalUpdate: false,
  validateName: configMapKey,
  validate,
  validateUpdate: (candidate, old) => [
    ...validate(candidate),
    ...checkImmutable("spec.leaseName", candidate.spec.leaseName, old.spec.leaseName),
  ],
  table: {
    columns: [nameColumn, column("LeaseName"), column("BinaryVersion"), column("EmulationVersion"), column("Age")],
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.leaseName,
      spec.binaryVersion,
      spec.emulationVersion ?? "",
      age(metadata.creationTimestamp, now),
    ],
  },
});

export const leaseCandidateV1Alpha2Resource = otherVersion(leaseCandidateResource, leasecandidatesV1ALPHA2, {
  stability: "alpha",
  deprecated: ["1.35"],
});

function validate({ spec }: LeaseCandidate): FieldError[] {
  const { leaseName, binaryVersion: binary, emulationVersion: emulation, strategy } = spec;
  const errors = leaseName ? [] : [required("spec.leaseName")];
  const noVersion = (field: string, text: string) => invalidValue(field, text, "must be a valid semantic version");
  const [emulated, own] = [semverValue(emulation ?? ""), semverValue(binary)];
  if (emulation && !emulated) errors.push(noVersion("spec.emulationVersion", emulation));
  if (!binary) errors.push(required("spec.binaryVersion"));
  else if (!own) errors.push(noVersion("spec.binaryVersion", binary));
  if (own && emulated && compareSemvers(own, emulated) < 0)
    errors.push(invalidValue("spec.binaryVersion", binary, "must be greater than or equal to `emulationVersion`"));
  if (!strategy) return [...errors, required("spec.strategy")];
  if (strategy === "OldestEmulationVersion" && !emulated)
    errors.push(required("spec.emulationVersion", "must be specified when `strategy` is 'OldestEmulationVersion'"));
  return [...errors, ...strategyErrors(strategy, "spec.strategy")];
}
