/**
 * Prints objects in the form that `--output` asks for; tables for people are not its affair.
 * Holds: the form is checked before anything is asked of the server.
 */
import { readFile } from "node:fs/promises";
import { jsonText } from "@kubets/machinery/json-text";
import { jsonPathText, jsonPathValues } from "@kubets/machinery/jsonpath/evaluate";
import { parseJsonPath } from "@kubets/machinery/jsonpath/parse";
import { toYaml } from "@kubets/machinery/yaml";
import { asError, UsageError } from "../errors.ts";
import { type JsonObject, listAt, nameOf, textAt, withoutManagedFields } from "../json.ts";
import { type CustomColumns, columnsOfFile, parseCustomColumns } from "./custom-columns.ts";
import { parseGoTemplate } from "./go-template/template.ts";
import { kyamlText } from "./kyaml.ts";
import { tableText } from "./tabs.ts";

interface PrinterOptions {
  readonly showManagedFields?: boolean;
  readonly noHeaders?: boolean;
  /** Members stand in their right order already; otherwise JSON has them by their names. */
  readonly ordered?: boolean;
  /** Of JSON. */
  readonly indent?: number;
  /** Of --template. */
  readonly template?: string;
}

export type Printer = (object: JsonObject) => string;

export const FORMS: readonly string[] = [
  "custom-columns",
  "custom-columns-file",
  "go-template",
  "go-template-file",
  "json",
  "jsonpath",
  "jsonpath-as-json",
  "jsonpath-file",
  "kyaml",
  "name",
  "template",
  "templatefile",
  "wide",
  "yaml",
];

/** For verbs that only print their result. */
export const OBJECT_FORMS: readonly string[] = FORMS.filter((form) => form !== "wide" && !form.startsWith("custom"));

/** None when a table is asked for ("" and "wide"). */
export async function printerFor(
  output: string,
  options: PrinterOptions = {},
  forms = FORMS,
): Promise<Printer | undefined> {
  if (output === "" && options.template) return printerFor(`go-template=${options.template}`, options, forms);
  if (output === "" || output === "wide") return undefined;
  const equals = output.indexOf("=");
  const form = equals < 0 ? output : output.slice(0, equals);
  const argument = equals < 0 ? (options.template ?? "") : output.slice(equals + 1);
  if (!forms.includes(form)) throw unknownForm(output, forms);
  const clean = (object: JsonObject) => (options.showManagedFields ? object : cleaned(object));
  const print = await plainPrinter(form, argument, options);
  return (object) => print(clean(object));
}

function unknownForm(output: string, forms: readonly string[]): Error {
  return new UsageError(
    `unable to match a printer suitable for the output format "${output}", allowed formats are: ${forms.join(",")}`,
  );
}

async function plainPrinter(form: string, argument: string, options: PrinterOptions): Promise<Printer> {
  const text = form.endsWith("file") ? await readTemplate(form, argument) : argument;
  let yamlDocuments = 0;
  switch (form) {
    case "json":
      return (object) => `${jsonText(object, options.indent ?? 4, !options.ordered)}\n`;
    case "kyaml":
      return (object) => kyamlText(object, !options.ordered);
    case "yaml":
      return (object) => (yamlDocuments++ > 0 ? "---\n" : "") + toYaml(object);
    case "name":
      return namesOf;
    case "jsonpath":
    case "jsonpath-file":
    case "jsonpath-as-json":
      return jsonPathPrinter(text, form === "jsonpath-as-json");
    case "custom-columns":
    case "custom-columns-file":
      return columnsPrinter(parseCustomColumns(form.endsWith("file") ? columnsOfFile(text) : text), options);
    default:
      return goTemplatePrinter(text);
  }
}

async function readTemplate(form: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`error reading --template=${path} for ${form}: ${asError(error).message}`);
  }
}

function jsonPathPrinter(template: string, asJson: boolean): Printer {
  if (template === "") throw new UsageError("template format specified but no template given");
  let nodes: ReturnType<typeof parseJsonPath>;
  try {
    nodes = parseJsonPath(template);
  } catch (error) {
    throw new UsageError(`error parsing jsonpath ${template}, ${asError(error).message}`);
  }
  return (object) => {
    try {
      return asJson ? `${jsonText(jsonPathValues(nodes, object), 4)}\n` : jsonPathText(nodes, object);
    } catch (error) {
      throw new UsageError(`error executing jsonpath ${JSON.stringify(template)}: ${asError(error).message}`);
    }
  };
}

function goTemplatePrinter(template: string): Printer {
  if (template === "") throw new UsageError("template format specified but no template given");
  let execute: ReturnType<typeof parseGoTemplate>;
  try {
    execute = parseGoTemplate(template);
  } catch (error) {
    throw new UsageError(`error parsing template ${template}, ${asError(error).message}`);
  }
  return (object) => {
    try {
      return execute(object);
    } catch (error) {
      throw new UsageError(`error executing template ${JSON.stringify(template)}: ${asError(error).message}`);
    }
  };
}

function columnsPrinter(columns: CustomColumns, { noHeaders }: PrinterOptions): Printer {
  const widths: number[] = [];
  let printed = noHeaders ?? false;
  return (object) => {
    const rows = itemsOf(object).map((item) => columns.cells(item));
    const all = printed ? rows : [columns.header, ...rows];
    printed = true;
    return tableText(all, widths);
  };
}

const isList = (object: JsonObject): boolean => textAt(object, "kind").endsWith("List") && Array.isArray(object.items);
const itemsOf = (object: JsonObject): JsonObject[] => (isList(object) ? listAt(object, "items") : [object]);

const namesOf: Printer = (object) =>
  itemsOf(object)
    .map((item) => `${referenceText(item)}\n`)
    .join("");

/** "pod/x", "deployment.apps/x". */
export function referenceText(object: JsonObject): string {
  const apiVersion = textAt(object, "apiVersion");
  const group = apiVersion.includes("/") ? `.${apiVersion.slice(0, apiVersion.indexOf("/"))}` : "";
  return `${textAt(object, "kind").toLowerCase()}${group}/${nameOf(object)}`;
}

const cleaned = (object: JsonObject): JsonObject =>
  isList(object)
    ? { ...object, items: listAt(object, "items").map(withoutManagedFields) }
    : withoutManagedFields(object);
