/** Shows what nodes and pods use, by the metrics API. */
import { parseQuantity } from "@kubets/machinery/quantity";
import { isReason } from "@kubets/machinery/status-error";
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, mapAt, nameOf, namespaceOf, textAt } from "../json.ts";
import { tableText } from "../print/tabs.ts";
import type { Api } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { allNamespacesFlag, bool, selectorFlag, text } from "./flags.ts";

const METRICS = "/apis/metrics.k8s.io/v1beta1";

async function metrics(
  api: Api,
  path: string,
  name: string | undefined,
  query: Record<string, string>,
): Promise<JsonObject[]> {
  try {
    const answer = await api.rest.get(METRICS + path + (name ? `/${name}` : ""), { query });
    return name ? [answer] : listAt(answer, "items");
  } catch (error) {
    if (isReason(error, "NotFound") && !error.status.details?.name) throw new UsageError("Metrics API not available");
    throw error;
  }
}

const milli = (amount = "0"): number => Number(parseQuantity(amount).scaled(-3));
const bytes = (amount = "0"): number => Number(parseQuantity(amount).scaled(0));
const MEBI = 1024 * 1024;

const commonFlags = {
  ...selectorFlag,
  "sort-by": text({ help: "cpu or memory." }),
  "no-headers": bool({ help: "No line of headers." }),
};

interface Row {
  readonly cells: readonly string[];
  readonly cpu: number;
  readonly memory: number;
}

function sorted(rows: Row[], by: string): Row[] {
  if (by === "cpu" || by === "memory") return rows.toSorted((a, b) => b[by] - a[by]);
  if (by !== "") throw new UsageError(`--sort-by accepts only cpu or memory`);
  return rows;
}

const node = defineVerb({
  name: "node",
  aliases: ["nodes", "no"],
  summary: "Show what nodes use",
  usage: "[NAME | -l label]",
  flags: { ...commonFlags, "show-capacity": bool({ help: "Shares of what nodes have, not of what pods may use." }) },
  async run(session, { flags, args }) {
    const api = await session.api();
    const found = await metrics(api, "/nodes", args[0], { labelSelector: flags.selector });
    if (found.length === 0) return session.note("No resources found");
    const nodes = listAt(await api.rest.get("/api/v1/nodes"), "items");
    const rows = found.map((each): Row => {
      const usage = mapAt(each, "usage");
      const all = mapAt(
        nodes.find((one) => nameOf(one) === nameOf(each)),
        "status",
        flags["show-capacity"] ? "capacity" : "allocatable",
      );
      const [cpu, memory] = [milli(usage.cpu), bytes(usage.memory)];
      const share = (part: number, whole: number) => (whole > 0 ? `${Math.trunc((part / whole) * 100)}%` : "<unknown>");
      return {
        cpu,
        memory,
        cells: [
          nameOf(each),
          `${cpu}m`,
          share(cpu, milli(all.cpu)),
          `${Math.trunc(memory / MEBI)}Mi`,
          share(memory, bytes(all.memory)),
        ],
      };
    });
    const header = ["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"];
    const cells = sorted(rows, flags["sort-by"]).map((row) => row.cells);
    session.io.output(tableText(flags["no-headers"] ? cells : [header, ...cells]));
  },
});

const pod = defineVerb({
  name: "pod",
  aliases: ["pods", "po"],
  summary: "Show what pods use",
  usage: "[NAME | -l label]",
  flags: {
    ...commonFlags,
    ...allNamespacesFlag,
    containers: bool({ help: "A line for each container." }),
    sum: bool({ help: "A last line with the sum." }),
    "field-selector": text({ help: "Field selector." }),
  },
  async run(session, { flags, args }) {
    const api = await session.api();
    const all = flags["all-namespaces"];
    const path = all ? "/pods" : `/namespaces/${api.namespace}/pods`;
    const found = await metrics(api, path, args[0], {
      labelSelector: flags.selector,
      fieldSelector: flags["field-selector"],
    });
    if (found.length === 0)
      return session.note(all ? "No resources found" : `No resources found in ${api.namespace} namespace.`);
    const rows = found.flatMap((each) => {
      const containers = listAt(each, "containers").map((one) => ({
        name: textAt(one, "name"),
        cpu: milli(mapAt(one, "usage").cpu),
        memory: bytes(mapAt(one, "usage").memory),
      }));
      const sum = { name: "", cpu: total(containers, "cpu"), memory: total(containers, "memory") };
      return (flags.containers ? containers : [sum]).map(
        ({ name, cpu, memory }): Row => ({
          cpu,
          memory,
          cells: [
            ...(all ? [namespaceOf(each)] : []),
            ...(flags.containers ? [nameOf(each), name] : [nameOf(each)]),
            `${cpu}m`,
            `${Math.trunc(memory / MEBI)}Mi`,
          ],
        }),
      );
    });
    const header = [
      ...(all ? ["NAMESPACE"] : []),
      ...(flags.containers ? ["POD", "NAME"] : ["NAME"]),
      "CPU(cores)",
      "MEMORY(bytes)",
    ];
    const cells = sorted(rows, flags["sort-by"]).map((row) => row.cells);
    if (flags.sum) cells.push(...sumLines(header, rows));
    session.io.output(tableText(flags["no-headers"] ? cells : [header, ...cells]));
  },
});

/** A line of dashes, and below it the sum of all rows. */
function sumLines(header: readonly string[], rows: readonly Row[]): string[][] {
  const before = header.slice(0, -2).map(() => "");
  return [
    [...before, "________", "________"],
    [...before, `${total(rows, "cpu")}m`, `${Math.trunc(total(rows, "memory") / MEBI)}Mi`],
  ];
}

const total = <K extends string>(list: readonly Readonly<Record<K, number>>[], key: K): number =>
  list.reduce((sum, each) => sum + each[key], 0);

export const top = defineVerb({ name: "top", summary: "Show what nodes and pods use", subcommands: [node, pod] });
