/** Changes the taints of nodes. */
import { patchObject } from "../api/write.ts";
import { asError, throwAll, UsageError } from "../errors.ts";
import { type JsonObject, listAt, textAt } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import {
  bool,
  dryRunFlag,
  dryRunOf,
  fieldManagerFlag,
  fieldValidationOf,
  outputFlags,
  overwriteFlag,
  selectorFlag,
  validateFlag,
} from "./flags.ts";

interface TaintChanges {
  readonly names: readonly string[];
  readonly add: readonly JsonObject[];
  readonly remove: readonly { readonly key: string; readonly effect: string }[];
}

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** "node n1 key=value:Effect key2-". Pure. */
export function parseTaints(args: readonly string[]): TaintChanges {
  const isChange = (arg: string) => arg.endsWith("-") || arg.includes(":");
  const first = args.findIndex((arg, i) => i > 0 && isChange(arg));
  const add: JsonObject[] = [];
  const remove: { key: string; effect: string }[] = [];
  for (const arg of first < 0 ? [] : args.slice(first)) {
    const [pair = "", effect = ""] = arg.replace(/-$/, "").split(":");
    const [key = "", value] = pair.split("=");
    if (arg.endsWith("-")) remove.push({ key, effect });
    else {
      if (!EFFECTS.includes(effect))
        throw new UsageError(
          `invalid taint spec: ${arg}, must be <key>=<value>:<taint-effect> or <key>:<taint-effect>, with an effect of ${EFFECTS.join(", ")}`,
        );
      add.push({ effect, key, ...(value && { value }) });
    }
  }
  return { names: first < 0 ? args : args.slice(0, first), add, remove };
}

export const taint = defineVerb({
  name: "taint",
  summary: "Change the taints of nodes",
  usage: "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [flags]",
  examples: ["kubectl taint nodes n1 dedicated=db:NoSchedule", "kubectl taint nodes n1 dedicated-"],
  flags: {
    ...selectorFlag,
    ...outputFlags,
    ...dryRunFlag,
    ...overwriteFlag,
    ...validateFlag,
    ...fieldManagerFlag("kubectl-taint"),
    all: bool({ help: "All nodes." }),
  },
  async run(session, { flags, args }) {
    const dryRun = dryRunOf(flags["dry-run"]);
    const { names, add, remove } = parseTaints(args);
    if (add.length + remove.length === 0) throw new UsageError("at least one taint update is required");
    const api = await session.api();
    const tell = await resultPrinter(session, flags);
    const { infos, errors } = await select(api, {
      verb: "taint",
      args: names,
      selector: flags.selector,
      all: flags.all,
    });
    const failures = [...errors];
    for (const info of infos) {
      try {
        const taints = changed(info.name, listAt(info.object, "spec", "taints"));
        const did = remove.length > 0 ? (add.length > 0 ? "modified" : "untainted") : "tainted";
        const after =
          dryRun === "client"
            ? info.object
            : await patchObject(
                api,
                info,
                "merge",
                { spec: { taints } },
                {
                  dryRun,
                  fieldManager: flags["field-manager"],
                  fieldValidation: fieldValidationOf(flags.validate),
                },
              );
        tell(info, after, did, dryRun);
      } catch (error) {
        failures.push(asError(error));
      }
    }
    throwAll(failures);

    function changed(node: string, present: readonly JsonObject[]): JsonObject[] {
      const same = (a: JsonObject, b: JsonObject) => a.key === b.key && a.effect === b.effect;
      const taken = add.filter((one) => present.some((other) => same(one, other)));
      if (taken.length > 0 && !flags.overwrite)
        throw new UsageError(
          `node ${node} already has ${taken.map((one) => textAt(one, "key")).join(", ")} taint(s) with same effect(s) and --overwrite is false`,
        );
      for (const { key, effect } of remove) {
        if (!present.some((one) => one.key === key && (effect === "" || one.effect === effect)))
          throw new UsageError(effect ? `taint "${key}:${effect}" not found` : `taint "${key}" not found`);
      }
      const kept = present.filter(
        (one) =>
          !add.some((other) => same(one, other)) &&
          !remove.some(({ key, effect }) => one.key === key && (effect === "" || one.effect === effect)),
      );
      return [...add, ...kept];
    }
  },
});
