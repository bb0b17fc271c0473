/** A namespace with its quotas and limits. */
import { parseQuantity } from "@kubets/machinery/quantity";
import { type JsonObject, listAt, mapAt, nameOf, textAt, textsAt } from "../json.ts";
import { type Describer, itemsAt } from "./describer.ts";
import type { Lines } from "./lines.ts";
import { annotations, head, labels } from "./metadata.ts";

export const namespace: Describer = async ({ object, lines, api, info }) => {
  lines.field(0, "Name", nameOf(object));
  labels(lines, object);
  annotations(lines, object);
  lines.field(0, "Status", textAt(object, "status", "phase"));
  const conditions = listAt(object, "status", "conditions");
  if (conditions.length > 0) {
    lines.line(
      0,
      "Conditions:\n  Type\tStatus\tLastTransitionTime\tReason\tMessage\n  ----\t------\t------------------\t------\t-------",
    );
    for (const each of conditions)
      lines.line(
        1,
        ["type", "status", "lastTransitionTime", "reason", "message"].map((field) => textAt(each, field)).join("\t"),
      );
  }
  quotas(lines, await itemsAt(api, `/api/v1/namespaces/${info.name}/resourcequotas`));
  limits(lines, await itemsAt(api, `/api/v1/namespaces/${info.name}/limitranges`));
};

function quotas(lines: Lines, list: readonly JsonObject[]): void {
  if (list.length === 0) return lines.line(0, "\nNo resource quota.");
  lines.line(0, "\nResource Quotas");
  for (const quota of list) {
    lines.line(1, `Name:\t${nameOf(quota)}`);
    scopes(lines, quota, 1);
    usage(lines, quota, 1);
  }
}

function usage(lines: Lines, quota: JsonObject, level: number): void {
  const hard = mapAt(quota, "status", "hard");
  const used = mapAt(quota, "status", "used");
  lines.line(level, "Resource\tUsed\tHard");
  lines.line(level, level === 0 ? "--------\t----\t----" : "--------\t---\t---");
  for (const name of Object.keys(hard).sort())
    lines.line(level, `${name}\t${amount(used[name])}\t${amount(hard[name])}`);
}

const amount = (text = "0"): string => parseQuantity(text).toString();

export const quota: Describer = ({ object, lines }) => {
  head(lines, object);
  scopes(lines, object, 0);
  usage(lines, object, 0);
};

function limits(lines: Lines, list: readonly JsonObject[]): void {
  if (list.length === 0) return lines.line(0, "\nNo LimitRange resource.");
  lines.line(0, "\nResource Limits");
  limitTable(lines, list, " ");
}

function limitTable(lines: Lines, list: readonly JsonObject[], indent: string): void {
  lines.line(0, `${indent}Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio`);
  lines.line(0, `${indent}----\t--------\t---\t---\t---------------\t-------------\t-----------------------`);
  for (const item of list.flatMap((range) => listAt(range, "spec", "limits"))) {
    const fields = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"].map((field) =>
      mapAt(item, field),
    );
    for (const name of [...new Set(fields.flatMap((field) => Object.keys(field)))].sort())
      lines.line(0, indent + [textAt(item, "type"), name, ...fields.map((field) => field[name] ?? "-")].join("\t"));
  }
}

export const limitRange: Describer = ({ object, lines }) => {
  head(lines, object);
  limitTable(lines, [object], "");
};

/** What each scope of a quota means. */
const SCOPES: Readonly<Record<string, string>> = {
  Terminating:
    "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.",
  NotTerminating:
    "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.",
  BestEffort:
    "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.",
  NotBestEffort:
    "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.",
};

function scopes(lines: Lines, quota: JsonObject, level: number): void {
  const list = textsAt(quota, "spec", "scopes").sort();
  if (list.length === 0) return;
  lines.field(level, "Scopes", list.join(", "));
  for (const scope of list) if (SCOPES[scope]) lines.line(0, `${level > 0 ? "  " : " "}* ${SCOPES[scope]}`);
}
