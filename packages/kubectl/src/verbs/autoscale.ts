/** Makes a horizontal pod autoscaler for a workload. */
import { createGenerated, writeFlags } from "../create/generator.ts";
import { throwAll, UsageError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { apiVersionOf } from "../resources/mapper.ts";
import { select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { fieldManagerFlag, fileFlags, int, text } from "./flags.ts";

export const autoscale = defineVerb({
  name: "autoscale",
  summary: "Let a workload's number of pods follow its load",
  usage: "(-f FILE | TYPE NAME) [--min=MINPODS] --max=MAXPODS [--cpu=PERCENT] [flags]",
  flags: {
    ...fileFlags,
    ...writeFlags,
    ...fieldManagerFlag("kubectl-autoscale"),
    name: text({ help: "The name of the autoscaler." }),
    min: int({ help: "At least so many pods.", default: -1 }),
    max: int({ help: "At most so many pods.", required: true, default: -1 }),
    cpu: text({ help: "Wanted use of CPU: 80% of requests, or an amount (500m)." }),
    memory: text({ help: "Wanted use of memory: 80% of requests, or an amount." }),
    "cpu-percent": int({ help: "As --cpu, in percent.", default: -1, hidden: true }),
  },
  async run(session, { flags, args }) {
    if (flags.max < 1) throw new UsageError(`--max=MAXPODS is required and must be at least 1, max: ${flags.max}`);
    if (flags.max < flags.min)
      throw new UsageError(
        `--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${flags.max}, min: ${flags.min}`,
      );
    const api = await session.api();
    const { infos, errors } = await select(api, {
      verb: "autoscale",
      args,
      files: flags.filename,
      recursive: flags.recursive,
    });
    const cpu = flags["cpu-percent"] > 0 ? `${flags["cpu-percent"]}%` : flags.cpu;
    const metrics = [metricOf("cpu", cpu), metricOf("memory", flags.memory)].filter((each) => each !== undefined);
    for (const { resource, name } of infos) {
      if (!resource.subresources.includes("scale"))
        throw new UsageError(`cannot autoscale a ${resource.kind}: it has no scale`);
      await createGenerated(
        session,
        flags,
        {
          apiVersion: "autoscaling/v2",
          kind: "HorizontalPodAutoscaler",
          metadata: { name: flags.name || name },
          spec: {
            maxReplicas: flags.max,
            ...(metrics.length > 0 && { metrics }),
            ...(flags.min > 0 && { minReplicas: flags.min }),
            scaleTargetRef: { apiVersion: apiVersionOf(resource), kind: resource.kind, name },
          },
          status: { currentMetrics: null, desiredReplicas: 0 },
        },
        "autoscaled",
      );
    }
    throwAll(errors);
  },
});

/** What a bare number counts. */
const UNITS = { cpu: "m", memory: "Mi" } as const;

function metricOf(name: keyof typeof UNITS, written: string): JsonObject | undefined {
  if (written === "") return undefined;
  const [, percent] = /^([0-9]+)%$/.exec(written) ?? [];
  const target: JsonObject = percent
    ? { averageUtilization: Number(percent), type: "Utilization" }
    : { averageValue: /^[0-9]+$/.test(written) ? written + UNITS[name] : written, type: "AverageValue" };
  return { resource: { name, target }, type: "Resource" };
}
