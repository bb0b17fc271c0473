/** `kubets crd check FILE ...`: what is wrong with definitions of custom resources, and where, before a cluster says so. */
import { readFileSync } from "node:fs";
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { parseYamlDocuments, YamlError } from "@kubets/machinery/yaml";
import { checkDocuments, type Finding } from "./check.ts";
import { lineOf } from "./locate.ts";

const checkCommand = defineCommand({
  name: "check",
  summary: "Say what is wrong with definitions of custom resources, and where",
  description:
    "Checks CustomResourceDefinitions as the API server does: names, versions, structural schemas, defaults, patterns, columns, rules with their costs. Objects of the kinds that they define are checked too when they stand in the same files. Needs no cluster.",
  examples: [
    "kubets crd check crontabs.yaml",
    "kubets crd check config/crd/*.yaml samples/*.yaml",
    "cat crd.yaml | kubets crd check -",
  ],
  usage: "FILE ...",
  run({ args, io }) {
    if (args.length === 0)
      throw new ExitError(
        exitCode.usage,
        "name the files to check: kubets crd check FILE ...; - is the standard input",
      );
    const files = args.map(readFile);
    const all = checkDocuments(files.flatMap(({ documents }) => documents));
    let first = 0;
    for (const file of files) {
      const end = first + file.documents.length;
      for (const finding of all.findings)
        if (finding.document >= first && finding.document < end) io.output(`${textOf(finding, file, first)}\n`);
      first = end;
    }
    if (all.definitions + all.objects === 0 && all.findings.length === 0)
      throw new ExitError(exitCode.failure, "there is no CustomResourceDefinition in these files");
    if (all.findings.some(({ isWarning }) => !isWarning)) return exitCode.failure;
    const objects = all.objects ? `, ${all.objects} object${all.objects === 1 ? "" : "s"}` : "";
    io.output(`${all.definitions} definition${all.definitions === 1 ? "" : "s"}${objects}: a server would take them\n`);
    return exitCode.ok;
  },
});

export const crdCommand = defineCommand({
  name: "crd",
  summary: "Work on definitions of custom resources",
  examples: ["kubets crd check crontabs.yaml"],
  subcommands: [checkCommand],
});

interface File {
  readonly name: string;
  readonly lines: readonly string[];
  readonly documents: readonly unknown[];
}

function readFile(path: string): File {
  try {
    const text = readFileSync(path === "-" ? 0 : path, "utf8");
    return {
      name: path === "-" ? "standard input" : path,
      lines: text.split("\n"),
      documents: parseYamlDocuments(text),
    };
  } catch (error) {
    const why =
      error instanceof YamlError ? `is no YAML: ${error.message}` : `cannot be read: ${(error as Error).message}`;
    throw new ExitError(exitCode.failure, `${path} ${why}`);
  }
}

function textOf({ document, field, text, isWarning }: Finding, { name, lines }: File, first: number): string {
  const line = lineOf(lines, startOf(lines, document - first), placeOf(field));
  return `${name}:${line}: ${isWarning ? "warning: " : ""}${field === "" || field === "<nil>" ? "" : `${field}: `}${text}`;
}

/** The line at which a document begins. */
function startOf(lines: readonly string[], document: number): number {
  const starts = [1];
  for (const [i, line] of lines.entries())
    if (line.startsWith("---") && (i > 0 || lines.length > 1)) starts.push(i + 2);
  const isFirst = lines.findIndex((line) => !/^\s*(#.*)?$/.test(line));
  if (isFirst >= 0 && (lines[isFirst] as string).startsWith("---")) starts.shift();
  return starts[document] ?? 1;
}

/** What all versions have in common is named beside them, and stands in the first. */
const placeOf = (field: string): string =>
  field
    .replace(/^spec\.validation\b/, "spec.versions[0].schema")
    .replace(/^spec\.(subresources|additionalPrinterColumns|selectableFields)\b/, "spec.versions[0].$1")
    .replace(/^spec\.conversion\.(webhookClientConfig)\b/, "spec.conversion.webhook.clientConfig");
