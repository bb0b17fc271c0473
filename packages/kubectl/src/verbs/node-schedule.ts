/** Closes nodes for new pods, and opens them again. */
import { patchObject } from "../api/write.ts";
import { asError, throwAll } from "../errors.ts";
import { objectAt } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { dryRunFlag, dryRunOf, selectorFlag } from "./flags.ts";

const nodeVerb = (name: string, did: string, unschedulable: boolean, summary: string) =>
  defineVerb({
    name,
    summary,
    usage: "NODE [flags]",
    flags: { ...selectorFlag, ...dryRunFlag },
    async run(session, { flags, args }) {
      const dryRun = dryRunOf(flags["dry-run"]);
      const api = await session.api();
      const tell = await resultPrinter(session, { output: "" });
      const { infos, errors } = await select(api, {
        verb: name,
        args: ["nodes", ...args.map((arg) => arg.replace(/^nodes?\//, ""))],
        selector: flags.selector,
      });
      const failures = [...errors];
      for (const info of infos) {
        if ((objectAt(info.object, "spec").unschedulable === true) === unschedulable) {
          tell(info, info.object, `already ${did}`, dryRun);
          continue;
        }
        try {
          const patch = { spec: { unschedulable: unschedulable || null } };
          if (dryRun !== "client")
            await patchObject(api, info, "strategic", patch, { dryRun, fieldManager: `kubectl-${name}` });
          tell(info, info.object, did, dryRun);
        } catch (error) {
          failures.push(asError(error));
        }
      }
      throwAll(failures);
    },
  });

export const cordon = nodeVerb("cordon", "cordoned", true, "Close a node for new pods");
export const uncordon = nodeVerb("uncordon", "uncordoned", false, "Open a node for new pods");
