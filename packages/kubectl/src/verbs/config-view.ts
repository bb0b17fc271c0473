/** Shows the kubeconfig: all its files as one, with secrets blotted out. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { toYaml } from "@kubets/machinery/yaml";
import { type ConfigFile, contentOf, merged, readFiles } from "../config/files.ts";
import { SECRET } from "../config/shape.ts";
import { UsageError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { printerFor } from "../print/printer.ts";
import { defineVerb } from "../verb.ts";
import { bool, outputFlags, text } from "./flags.ts";

type Content = ReturnType<typeof merged>;

export const view = defineVerb({
  name: "view",
  summary: "Show the merged kubeconfig",
  flags: {
    ...outputFlags,
    output: text({ help: "Form of the output.", short: "o", default: "yaml" }),
    raw: bool({ help: "With secrets." }),
    minify: bool({ help: "Only what the current context uses." }),
    flatten: bool({ help: "With the content of files instead of their names." }),
    merge: bool({ help: "All files as one; otherwise only the first.", default: true }),
  },
  async run(session, { flags }) {
    const print = await printerFor(flags.output, {
      template: flags.template,
      ordered: true,
    });
    const files = await readFiles(session);
    const all = flags.flatten ? await Promise.all(files.map(flattened)) : files;
    const config = merged(flags.merge ? all : all.slice(0, 1));
    const chosen = flags.minify ? minified(config, session.flags.context) : config;
    const object = contentOf(flags.raw ? chosen : blotted(chosen));
    session.io.output(print ? print(object) : toYaml(object));
  },
});

function minified(config: Content, named: string): Content {
  const name = named || config.currentContext;
  if (!name) throw new UsageError("current-context must exist in order to minify");
  const context = config.contexts.get(name);
  if (!context) throw new UsageError(`cannot locate context ${name}`);
  const only = <T>(entries: ReadonlyMap<string, T>, key: unknown) =>
    new Map([...entries].filter(([each]) => each === key));
  return {
    ...config,
    contexts: only(config.contexts, name),
    clusters: only(config.clusters, context.cluster),
    users: only(config.users, context.user),
    currentContext: name,
  };
}

const mapped = (config: Content, change: (entry: JsonObject) => JsonObject): Content => {
  const each = (entries: ReadonlyMap<string, JsonObject>) =>
    new Map([...entries].map(([name, entry]) => [name, change(entry)]));
  return { ...config, clusters: each(config.clusters), users: each(config.users) };
};

const blotted = (config: Content): Content =>
  mapped(config, (entry) =>
    Object.fromEntries(
      Object.entries(entry).map(([field, value]) => [field, SECRET.includes(field) && value ? blot(field) : value]),
    ),
  );

const blot = (field: string): string => (field.endsWith("-data") ? "DATA+OMITTED" : "REDACTED");

const FILES = ["certificate-authority", "client-certificate", "client-key"];

/** With the content of what it names. */
async function flattened(file: ConfigFile): Promise<ConfigFile> {
  const contents = new Map<string, string>();
  for (const entry of [...file.clusters.values(), ...file.users.values()])
    for (const field of FILES) {
      const path = entry[field];
      if (typeof path !== "string" || path === "") continue;
      if (entry[`${field}-data`]) throw new UsageError("cannot have values for both path and contents");
      contents.set(path, (await readFile(resolve(dirname(file.path), path))).toString("base64"));
    }
  return {
    ...file,
    ...mapped(file, (entry) => {
      const embedded: JsonObject = { ...entry };
      for (const field of FILES) {
        const content = contents.get(String(entry[field] ?? ""));
        if (content === undefined) continue;
        delete embedded[field];
        embedded[`${field}-data`] = content;
      }
      return embedded;
    }),
  };
}
