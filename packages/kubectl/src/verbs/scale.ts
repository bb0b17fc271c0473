/** Sets how many pods a workload has. */
import { patchObject } from "../api/write.ts";
import { asError, throwAll, UsageError } from "../errors.ts";
import { numberAt, textAt } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { waitFor } from "../wait/watched.ts";
import { bool, dryRunFlag, dryRunOf, fileFlags, int, outputFlags, selectorFlag, text, timeoutFlag } from "./flags.ts";

export const scale = defineVerb({
  name: "scale",
  summary: "Set how many pods a workload has",
  usage: "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILE | TYPE NAME) [flags]",
  examples: ["kubectl scale deployment/web --replicas=3"],
  flags: {
    ...fileFlags,
    ...selectorFlag,
    ...outputFlags,
    ...dryRunFlag,
    ...timeoutFlag("How long to wait for the new number; 0 for not at all."),
    replicas: int({ help: "The number of pods.", required: true, min: 0 }),
    "current-replicas": int({ help: "Only if there are so many.", default: -1 }),
    "resource-version": text({ help: "Only if the object has this version." }),
    all: bool({ help: "All objects of the type." }),
  },
  async run(session, { flags, args }) {
    const dryRun = dryRunOf(flags["dry-run"]);
    const api = await session.api();
    const tell = await resultPrinter(session, flags);
    const { infos, errors } = await select(api, {
      verb: "scale",
      args,
      files: flags.filename,
      recursive: flags.recursive,
      selector: flags.selector,
      all: flags.all,
    });
    const failures = [...errors];
    for (const info of infos) {
      try {
        const { resource, object } = info;
        if (!resource.subresources.includes("scale"))
          throw new UsageError(`the server could not find the requested resource`);
        const present = numberAt(object, "spec", "replicas");
        const wanted = flags["current-replicas"];
        if (wanted >= 0 && present !== wanted)
          throw new UsageError(`Expected replicas to be ${wanted}, was ${present}`);
        const version = flags["resource-version"];
        const found = textAt(object, "metadata", "resourceVersion");
        if (version && version !== found)
          throw new UsageError(`Expected resource version to be ${version}, was ${found}`);
        const patch = { spec: { replicas: flags.replicas } };
        if (dryRun !== "client")
          await patchObject(api, info, "merge", patch, { subresource: "scale", dryRun, fieldManager: "kubectl" });
        tell(info, object, "scaled", dryRun);
        if (flags.timeout > 0 && dryRun === "none") {
          const done = await waitFor(
            api,
            info,
            object,
            flags.timeout,
            (_type, state) => numberAt(state, "status", "replicas") === flags.replicas,
          );
          if (!done) throw new UsageError("timed out waiting for the condition");
        }
      } catch (error) {
        failures.push(asError(error));
      }
    }
    throwAll(failures);
  },
});
