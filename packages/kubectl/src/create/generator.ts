/**
 * Generators: subcommands of `create` that make an object of flags.
 * Holds: `build` is pure but for files that flags name; writing and printing is the same for all.
 */
import type { FlagSet, FlagValues } from "@kubets/machinery/flags";
import { createObject } from "../api/write.ts";
import { withLastApplied } from "../apply/last-applied.ts";
import { asError, UsageError } from "../errors.ts";
import { type JsonObject, nameOf, textAt } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import type { Session } from "../session.ts";
import { defineVerb, type Verb, type VerbRun } from "../verb.ts";
import {
  dryRunFlag,
  dryRunOf,
  fieldManagerFlag,
  fieldValidationOf,
  outputFlags,
  saveConfigFlag,
  validateFlag,
} from "../verbs/flags.ts";

export const writeFlags = {
  ...outputFlags,
  ...dryRunFlag,
  ...validateFlag,
  ...saveConfigFlag,
};

export const createFlags = { ...writeFlags, ...fieldManagerFlag("kubectl-create") };

type WriteValues = FlagValues<typeof createFlags>;

interface GeneratorSpec<F extends FlagSet> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly usage: string;
  readonly examples?: readonly string[];
  readonly flags?: F;
  build(name: string, run: VerbRun<F>, session: Session): JsonObject | Promise<JsonObject>;
}

export const generator = <const F extends FlagSet>(spec: GeneratorSpec<F>): Verb =>
  defineVerb({
    ...spec,
    flags: { ...spec.flags, ...createFlags } as unknown as F,
    async run(session, run) {
      const name = nameIn(run, spec.name);
      await createGenerated(
        session,
        run.flags as unknown as WriteValues,
        await spec.build(name, run, session),
        "created",
        true,
      );
    },
  });

/** The one argument before a command. */
function nameIn({ args, argsAtDash }: Pick<VerbRun<FlagSet>, "args" | "argsAtDash">, verb: string): string {
  const names = argsAtDash < 0 ? args : args.slice(0, argsAtDash);
  const rest = argsAtDash < 0 ? [] : args.slice(argsAtDash);
  if (names.length !== 1 || (rest.length > 0 && !["deployment", "job", "cronjob"].includes(verb))) {
    throw new UsageError(
      `exactly one NAME is required, got ${names.length}\nSee 'kubectl create ${verb} -h' for help and examples`,
    );
  }
  return names[0] as string;
}

export const commandIn = ({ args, argsAtDash }: Pick<VerbRun<FlagSet>, "args" | "argsAtDash">): string[] =>
  argsAtDash < 0 ? [] : args.slice(argsAtDash);

export async function createGenerated(
  session: Session,
  flags: WriteValues,
  built: JsonObject,
  did = "created",
  wraps = false,
): Promise<JsonObject> {
  const dryRun = dryRunOf(flags["dry-run"]);
  const fieldValidation = fieldValidationOf(flags.validate);
  const tell = await resultPrinter(session, { ...flags, typed: true });
  const api = await session.api();
  const resource = (await api.mapper()).forKind(textAt(built, "apiVersion"), textAt(built, "kind"));
  const place: JsonObject = resource.namespaced && api.namespaceGiven ? { namespace: api.namespace } : {};
  const named: JsonObject = { ...built, metadata: { ...(built.metadata as JsonObject), ...place } };
  const object = flags["save-config"] ? withLastApplied(named) : named;
  const info = { resource, namespace: resource.namespaced ? api.namespace : undefined, name: nameOf(built) };
  if (dryRun === "client") {
    tell(info, object, did, dryRun);
    return object;
  }
  try {
    const answer = await createObject(api, info, object, {
      dryRun,
      fieldManager: flags["field-manager"],
      fieldValidation,
    });
    tell(info, answer, did, dryRun);
    return answer;
  } catch (error) {
    throw wraps ? whileCreating(error, object) : error;
  }
}

/** What the original puts in front of the server's words; those of a few kinds stand alone. */
function whileCreating(error: unknown, object: JsonObject): Error {
  const kind = textAt(object, "kind");
  if (["Namespace", "Role", "ClusterRole"].includes(kind)) return asError(error);
  const named: Readonly<Record<string, string>> = {
    ResourceQuota: "quota:",
    Secret: "secret",
    PodDisruptionBudget: "poddisruptionbudgets:",
    Service: `${textAt(object, "spec", "type")} service:`,
  };
  const subject = named[kind] ?? `${kind.toLowerCase()}:`;
  return new Error(`failed to create ${subject} ${asError(error).message}`, { cause: error });
}

export const metadata = (name: string, labels?: Record<string, string>): JsonObject => ({
  ...(labels && { labels }),
  name,
});
