/**
 * Shows objects: as the server's tables, or in the form that --output asks for; once, or as they change.
 * Holds: what could be had is printed before the errors of the rest.
 */
import { asError, PlainError, throwAll } from "../errors.ts";
import { getObjects } from "../get/objects.ts";
import { getTables, printTables } from "../get/tables.ts";
import { watchObjects } from "../get/watch.ts";
import { printerFor } from "../print/printer.ts";
import { parseArguments } from "../resources/arguments.ts";
import { defineVerb } from "../verb.ts";
import {
  allNamespacesFlag,
  bool,
  chunkSizeFlag,
  fileFlags,
  list,
  outputFlags,
  selectionOf,
  selectorFlag,
  text,
} from "./flags.ts";

const getFlags = {
  ...fileFlags,
  ...outputFlags,
  ...selectorFlag,
  ...allNamespacesFlag,
  ...chunkSizeFlag,
  "field-selector": text({ help: "Field selector: --field-selector metadata.name=x." }),
  "show-labels": bool({ help: "Labels as the last column." }),
  "label-columns": list({ help: "Labels to show as columns.", short: "L" }),
  "show-kind": bool({ help: "The kind in front of names." }),
  "sort-by": text({ help: "Sort by a JSONPath: --sort-by=.metadata.name." }),
  "no-headers": bool({ help: "No line of headers." }),
  "ignore-not-found": bool({ help: "It is no error when an object is missing." }),
  watch: bool({ help: "After the list, show changes.", short: "w" }),
  "watch-only": bool({ help: "Show changes only." }),
  "output-watch-events": bool({ help: "Show what kind of change each is." }),
  "server-print": bool({ help: "Let the server make the tables.", default: true }),
  subresource: text({ help: "Of each object: status, scale, resize." }),
  raw: text({ help: "A path to ask for, as it is." }),
};

export const get = defineVerb({
  name: "get",
  summary: "Show objects",
  usage: "(TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]",
  examples: ["kubectl get pods -A", "kubectl get deployment web -o yaml", "kubectl get pods,svc -l app=web -w"],
  flags: getFlags,
  async run(session, { flags, args }) {
    if (args.length === 0 && flags.filename.length === 0 && !flags.raw) throw nothingNamed();
    const api = await session.api();
    if (flags.raw) return session.io.output(await api.rest.text(flags.raw));
    const print = await printerFor(flags.output, {
      showManagedFields: flags["show-managed-fields"],
      noHeaders: flags["no-headers"],
      template: flags.template,
    });
    const asked = {
      args,
      ...selectionOf(flags),
      chunkSize: flags["chunk-size"],
      subresource: flags.subresource,
    };
    if (flags.watch || flags["watch-only"]) return watchObjects(session, api, asked, flags, print);
    if (print) return getObjects(session, api, asked, flags, print);
    const { tables, errors } = await getTables(api, asked, flags);
    const left = errors.filter(
      (error) => !flags["ignore-not-found"] || (error as { reason?: string }).reason !== "NotFound",
    );
    printTables(session, tables, flags);
    if (tables.every(({ isEmpty }) => isEmpty) && errors.length === 0 && !flags["ignore-not-found"])
      session.note(noneFound(api.namespace, flags["all-namespaces"] || !(await anyNamespaced())));
    throwAll(left.map(asError));

    async function anyNamespaced(): Promise<boolean> {
      if (flags.filename.length > 0) return false;
      const { targets } = parseArguments(args, await api.mapper(), "get");
      return targets.some(({ resource }) => resource.namespaced);
    }
  },
});

const noneFound = (namespace: string, all: boolean): string =>
  all ? "No resources found" : `No resources found in ${namespace} namespace.`;

const nothingNamed = (): Error =>
  new PlainError(
    [
      'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.',
      "",
      "error: Required resource not specified.",
      'Use "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).',
      "See 'kubectl get -h' for help and examples",
    ].join("\n"),
  );
