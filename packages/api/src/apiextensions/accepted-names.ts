/**
 * Which of its names a definition gets: in one group a plural, singular or short name stands for one resource only, and a kind or list kind for one
 * kind only. Who came first keeps the name; the others get what is left, and are not served.
 */
import { deepEqual } from "@kubets/machinery/deep-equal";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from "../generated/types/apiextensions-v1.ts";
import type { Draft } from "../meta.ts";
import {
  conditionOf,
  ESTABLISHED,
  isTrue,
  NAMES_REFUSED,
  NAMES_TAKEN_IN,
  ownConditions,
  withCondition,
} from "./definition-conditions.ts";

type Names = CustomResourceDefinitionNames;
type Status = Draft<CustomResourceDefinitionStatus>;

/** The next status of a definition among the names of the others in its group; the same object when nothing is to change. */
export function plannedStatus(
  definition: CustomResourceDefinition,
  others: readonly Names[],
  now: string,
): CustomResourceDefinitionStatus {
  const { spec, status } = definition;
  const { names, conflict } = acceptNames(spec.names, status.acceptedNames, others);
  const accepted = {
    type: "NamesAccepted",
    status: conflict ? "False" : "True",
    reason: conflict?.reason ?? "NoConflicts",
    message: conflict?.message ?? "no conflicts found",
  };
  let conditions = withCondition(status.conditions, accepted, now);
  const { said, without } = ownConditions(definition);
  for (const condition of said) conditions = withCondition(conditions, condition, now);
  conditions = conditions.filter(({ type }) => !without.includes(type));
  if (!isTrue(definition, "Established"))
    conditions = withCondition(conditions, nextEstablished(definition, conflict), now);
  const next: Status = { ...(status as Status), acceptedNames: names, conditions };
  return deepEqual(next, status) ? status : next;
}

/** Names come first; served it is said to be once that is known. */
function nextEstablished(definition: CustomResourceDefinition, conflict: unknown) {
  if (conflict) return conditionOf(definition, "Established") ?? NAMES_REFUSED;
  return isTrue(definition, "NamesAccepted") && conditionOf(definition, "Established")?.reason === "Installing"
    ? ESTABLISHED
    : NAMES_TAKEN_IN;
}

interface Conflict {
  readonly reason: string;
  readonly message: string;
}

function acceptNames(
  asked: Names,
  had: Names,
  taken: readonly Names[],
): { names: Draft<Names>; conflict: Conflict | undefined } {
  const resources = new Set(
    taken.flatMap(({ plural, singular, shortNames = [] }) => [plural, singular, ...shortNames]),
  );
  const kinds = new Set(taken.flatMap(({ kind, listKind }) => [kind, listKind]));
  const names: Draft<Names> = { ...(had as Draft<Names>) };
  let conflict: Conflict | undefined;
  const inUse = (name: string, used: ReadonlySet<unknown>) =>
    used.has(name) ? [`${JSON.stringify(name)} is already in use`] : [];
  const decide = (problems: readonly string[], reason: string, accept: () => void) => {
    if (problems.length === 0) return accept();
    const message = problems.length === 1 ? (problems[0] as string) : `[${problems.join(", ")}]`;
    conflict = { reason, message };
  };
  const decideOne = (
    field: "plural" | "singular" | "kind" | "listKind",
    used: ReadonlySet<unknown>,
    reason: string,
  ) => {
    const name = asked[field] ?? "";
    decide(name === had[field] ? [] : inUse(name, used), reason, () => (names[field] = name));
  };
  decideOne("plural", resources, "PluralConflict");
  decideOne("singular", resources, "SingularConflict");
  const fresh = (asked.shortNames ?? []).filter((name) => !had.shortNames?.includes(name));
  decide(
    fresh.flatMap((name) => inUse(name, resources)),
    "ShortNamesConflict",
    () => keep(names, "shortNames", asked),
  );
  decideOne("kind", kinds, "KindConflict");
  decideOne("listKind", kinds, "ListKindConflict");
  keep(names, "categories", asked);
  return { names, conflict };
}

function keep(names: Draft<Names>, field: "shortNames" | "categories", { [field]: asked }: Names): void {
  if (asked?.length) names[field] = [...asked];
  else delete names[field];
}

/** Whether a definition's kind is to be served at all. */
export const isServed = (definition: CustomResourceDefinition): boolean => isTrue(definition, "Established");
