/** PriorityLevelConfigurations: the share of the server that a class of requests has, and what becomes of those beyond it. */
import { type FieldError, forbiddenField, invalidValue, notSupported, required } from "@kubets/machinery";
import { define } from "../define.ts";
import { prioritylevelconfigurations } from "../generated/refs.ts";
import type {
  ExemptPriorityLevelConfiguration,
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from "../generated/types/flowcontrol-v1.ts";
import type { Draft } from "../meta.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { age, column, nameColumn } from "../table.ts";
import { conditionTypeErrors } from "./flow-schema.ts";

const DEFAULT_SHARES = 30;
const DEFAULT_QUEUING = { handSize: 8, queues: 64, queueLengthLimit: 50 };
const MAX_QUEUES = 10_000_000;
/** A request's hand of queues is dealt from this many bits. */
const HASH_BITS = 60;

export const priorityLevelConfigurationResource = define(prioritylevelconfigurations, {
  countsGeneration: true,
  ...ownStatus,
  defaults,
  validate,
  validateUpdate: validate,
  subresources: { status: statusSubresource(({ status }) => conditionTypeErrors(status)) },
  table: {
    columns: [
      nameColumn,
      column("Type"),
      column("NominalConcurrencyShares"),
      column("Queues"),
      column("HandSize"),
      column("QueueLengthLimit"),
      column("Age"),
    ],
    cells: ({ metadata, spec: { type, limited } }, now) => {
      const queuing = limited?.limitResponse.queuing;
      return [
        metadata.name,
        type,
        limited ? (limited.nominalConcurrencyShares ?? 0) : "<none>",
        queuing ? queuing.queues : "<none>",
        queuing ? queuing.handSize : "<none>",
        queuing ? queuing.queueLengthLimit : "<none>",
        age(metadata.creationTimestamp, now),
      ];
    },
  },
});

function defaults({ spec: { limited, exempt } }: Draft<PriorityLevelConfiguration>): void {
  if (limited) {
    limited.nominalConcurrencyShares ??= DEFAULT_SHARES;
    limited.lendablePercent ??= 0;
    const queuing = limited.limitResponse?.queuing;
    if (queuing) {
      queuing.handSize ||= DEFAULT_QUEUING.handSize;
      queuing.queues ||= DEFAULT_QUEUING.queues;
      queuing.queueLengthLimit ||= DEFAULT_QUEUING.queueLengthLimit;
    }
  }
  if (exempt) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
}

function validate({ metadata, spec, status }: PriorityLevelConfiguration): FieldError[] {
  const { type, limited, exempt } = spec;
  const errors: FieldError[] = [];
  if ((metadata.name === "exempt") !== (type === "Exempt"))
    errors.push(invalidValue("spec.type", type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  switch (type) {
    case "Exempt":
      if (limited) errors.push(forbiddenField("spec.limited", "must be nil if the type is not Limited"));
      if (exempt) errors.push(...shareErrors(exempt, "spec.exempt"));
      break;
    case "Limited":
      if (exempt) errors.push(forbiddenField("spec.exempt", "must be nil if the type is Limited"));
      if (!limited) errors.push(required("spec.limited", "must not be empty when type is Limited"));
      else errors.push(...limitedErrors(limited, "spec.limited"));
      break;
    default:
      errors.push(notSupported("spec.type", type, ["Exempt", "Limited"]));
  }
  return [...errors, ...conditionTypeErrors(status)];
}

const sharesErrors = ({ nominalConcurrencyShares: shares = 0 }: ExemptPriorityLevelConfiguration, field: string) =>
  shares < 0 ? [invalidValue(`${field}.nominalConcurrencyShares`, shares, "must be a non-negative integer")] : [];

const lendableErrors = ({ lendablePercent: percent = 0 }: ExemptPriorityLevelConfiguration, field: string) =>
  percent < 0 || percent > 100
    ? [invalidValue(`${field}.lendablePercent`, percent, "must be between 0 and 100, inclusive")]
    : [];

const shareErrors = (level: ExemptPriorityLevelConfiguration, field: string): FieldError[] => [
  ...sharesErrors(level, field),
  ...lendableErrors(level, field),
];

function limitedErrors(limited: LimitedPriorityLevelConfiguration, field: string): FieldError[] {
  const { borrowingLimitPercent: borrowing } = limited;
  return [
    ...sharesErrors(limited, field),
    ...responseErrors(limited.limitResponse, `${field}.limitResponse`),
    ...lendableErrors(limited, field),
    ...(borrowing != null && borrowing < 0
      ? [invalidValue(`${field}.borrowingLimitPercent`, borrowing, "if specified, must be a non-negative integer")]
      : []),
  ];
}

function responseErrors({ type, queuing }: LimitResponse, field: string): FieldError[] {
  const at = `${field}.queuing`;
  switch (type) {
    case "Reject":
      return queuing ? [forbiddenField(at, "must be nil if limited.limitResponse.type is not Limited")] : [];
    case "Queue":
      return queuing
        ? queuingErrors(queuing, at)
        : [required(at, "must not be empty if limited.limitResponse.type is Limited")];
    default:
      return [notSupported(`${field}.type`, type, ["Queue", "Reject"])];
  }
}

function queuingErrors(
  { queues, handSize, queueLengthLimit: length }: QueuingConfiguration,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (length <= 0) errors.push(invalidValue(`${field}.queueLengthLimit`, length, "must be positive"));
  if (queues <= 0) errors.push(invalidValue(`${field}.queues`, queues, "must be positive"));
  else if (queues > MAX_QUEUES)
    errors.push(invalidValue(`${field}.queues`, queues, `must not be greater than ${MAX_QUEUES}`));

  const at = `${field}.handSize`;
  if (handSize <= 0) errors.push(invalidValue(at, handSize, "must be positive"));
  else if (handSize > queues) errors.push(invalidValue(at, handSize, `should not be greater than queues (${queues})`));
  else if (Math.ceil(Math.log2(queues) * handSize) > HASH_BITS) {
    const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${HASH_BITS}`;
    errors.push(invalidValue(at, handSize, detail));
  }
  return errors;
}
