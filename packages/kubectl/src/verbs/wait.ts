/** Waits until something holds of objects: a condition, a field's value, that they are there, or gone. */
import { sleep } from "@kubets/machinery/clock";
import { pathFinder, valueText } from "@kubets/machinery/jsonpath/evaluate";
import { isReason } from "@kubets/machinery/status-error";
import { asError, throwAll, UsageError } from "../errors.ts";
import { type JsonObject, listAt, numberAt, textAt } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { type Info, select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { timedOut, waitGone } from "../wait/gone.ts";
import { waitFor } from "../wait/watched.ts";
import {
  allNamespacesFlag,
  bool,
  duration,
  fileFlags,
  localFlag,
  outputFlags,
  selectionOf,
  selectorFlag,
  text,
} from "./flags.ts";

const RETRY_MS = 500;

export const wait = defineVerb({
  name: "wait",
  summary: "Wait until something holds of objects",
  usage:
    "([-f FILE] | TYPE [NAME | -l label | --all]) --for=(create | delete | condition=NAME[=VALUE] | jsonpath='{PATH}'[=VALUE]) [flags]",
  examples: ["kubectl wait --for=condition=Ready pod/web-0", "kubectl wait --for=delete pod/web-0 --timeout=60s"],
  flags: {
    ...fileFlags,
    ...selectorFlag,
    ...allNamespacesFlag,
    ...outputFlags,
    "field-selector": text({ help: "Field selector." }),
    all: bool({ help: "All objects of the type." }),
    ...localFlag,
    recursive: bool({ help: "Also folders in folders.", short: "R", default: true }),
    for: text({ help: "What to wait for." }),
    timeout: duration({ help: "How long to wait for all; negative for a week.", default: 30_000 }),
  },
  async run(session, { flags, args }) {
    const isTrue = testOf(flags.for);
    const tell = await resultPrinter(session, flags);
    const api = await session.api();
    const isDelete = flags.for === "delete";
    const timeoutMs = flags.timeout < 0 ? 168 * 3_600_000 : flags.timeout;
    const until = session.now() + timeoutMs;
    const selection = {
      verb: "wait",
      args,
      ...selectionOf(flags),
      all: flags.all,
      local: flags.local,
    };
    let { infos, errors } = await select(api, selection);
    while (flags.for === "create" && errors.some((error) => isReason(error, "NotFound")) && session.now() < until) {
      await sleep(session.machine.clock, RETRY_MS);
      ({ infos, errors } = await select(api, selection));
    }
    const failures = errors.filter((error) => !(isDelete && isReason(error, "NotFound")));
    if (infos.length === 0 && errors.length === 0 && !isDelete) throw new UsageError("no matching resources found");
    for (const info of infos) await one(info).catch((error: unknown) => failures.push(asError(error)));
    throwAll(failures);

    async function one(info: Info): Promise<void> {
      const left = Math.max(until - session.now(), 0);
      if (isDelete) {
        await waitGone(session, api, [info], left);
        return tell(info, info.object, "condition met");
      }
      let last = info.object;
      const done =
        isTrue(info.object) ||
        (left > 0 &&
          !flags.local &&
          (await waitFor(api, info, info.object, left, (type, object) => {
            last = object;
            return type !== "DELETED" && isTrue(object);
          })));
      if (!done) throw timedOut(info);
      tell(info, last, "condition met");
    }
  },
});

function testOf(written: string): (object: JsonObject) => boolean {
  const [kind = "", rest = ""] = written.split(/=(.*)/s);
  if (written.toLowerCase() === "delete") return () => false;
  if (written.toLowerCase() === "create") return () => true;
  if (kind === "condition") {
    const [name = "", value = "true"] = rest.split("=");
    return (object) => conditionHolds(object, name, value);
  }
  if (kind === "jsonpath") return pathTest(rest);
  throw new UsageError(`unrecognized condition: ${JSON.stringify(written)}`);
}

function conditionHolds(object: JsonObject, name: string, value: string): boolean {
  const found = listAt(object, "status", "conditions").find(
    (each) => textAt(each, "type").toLowerCase() === name.toLowerCase(),
  );
  if (!found) return false;
  const observed = numberAt(found, "observedGeneration") || numberAt(object, "status", "observedGeneration");
  if (observed > 0 && observed < numberAt(object, "metadata", "generation")) return false;
  return textAt(found, "status").toLowerCase() === value.toLowerCase();
}

function pathTest(written: string): (object: JsonObject) => boolean {
  const end = written.lastIndexOf("}");
  const path = end < 0 ? (written.split("=")[0] ?? "") : written.slice(0, end + 1);
  const rest = written.slice(path.length);
  const find = pathFinder(path.replace(/^'|'$/g, ""));
  const value = rest.startsWith("=") ? rest.slice(1).replace(/^(["'])(.*)\1$/, "$2") : undefined;
  return (object) => {
    const found = find(object);
    if (found.length === 0) return false;
    return value === undefined || found.every((each) => valueText(each) === value);
  };
}
