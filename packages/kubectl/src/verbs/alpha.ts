/** What is still on trial: showing and changing the person's preferences. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isObject } from "@kubets/machinery/json-value";
import { parseYaml, toYaml } from "@kubets/machinery/yaml";
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, objectAt, textAt } from "../json.ts";
import { KUBERC_VERSION, preferencePath } from "../kuberc/preference.ts";
import { printerFor } from "../print/printer.ts";
import type { Session } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { bool, list, outputFlags, text } from "./flags.ts";

const kubercFlag = { kuberc: text({ help: "The file of preferences." }) };

function pathIn(session: Session, flag: string): string {
  const path = preferencePath(flag, session.machine.reading);
  if (!path) throw new UsageError("the preferences are switched off: take KUBERC=off out of the environment");
  return path;
}

async function read(session: Session, path: string): Promise<JsonObject | undefined> {
  const content = await session.machine.reading.readText(path).catch(() => undefined);
  const file = content === undefined ? undefined : parseYaml(content);
  return isObject(file) ? file : undefined;
}

/** As the original keeps it: both lists, in their order. */
const preferenceOf = (file: JsonObject): JsonObject => ({
  kind: "Preference",
  apiVersion: KUBERC_VERSION,
  defaults: file.defaults ?? null,
  aliases: file.aliases ?? null,
});

const view = defineVerb({
  name: "view",
  summary: "Show the preferences",
  flags: { ...outputFlags, ...kubercFlag, output: text({ help: "Form of the output.", short: "o", default: "yaml" }) },
  async run(session, { flags }) {
    const path = pathIn(session, flags.kuberc);
    const file = await read(session, path);
    if (!file) throw new UsageError(`no kuberc file found at ${path}`);
    const print = await printerFor(flags.output, { template: flags.template, ordered: true });
    session.io.output(print?.(preferenceOf(file)) ?? "");
  },
});

const set = defineVerb({
  name: "set",
  summary: "Set defaults for flags of a verb, or an alias",
  usage: "--section (defaults|aliases) --command COMMAND [flags]",
  examples: ["kubectl alpha kuberc set --section defaults --command delete --option interactive=true"],
  flags: {
    ...kubercFlag,
    section: text({ help: '"defaults" or "aliases".' }),
    command: text({ help: "The verb that is meant." }),
    name: text({ help: "The name of the alias." }),
    option: list({ help: "A flag and its value, NAME=VALUE." }),
    prependarg: list({ help: "An argument of the alias that stands before all others." }),
    appendarg: list({ help: "An argument of the alias that stands behind all others." }),
    overwrite: bool({ help: "Replace what is there." }),
  },
  async run(session, { flags }) {
    const { section, command, name } = flags;
    if (section !== "defaults" && section !== "aliases")
      throw new UsageError(`--section must be "defaults" or "aliases", got: ${JSON.stringify(section)}`);
    if (!command) throw new UsageError("--command is required");
    if (section === "aliases" && !name) throw new UsageError("--name is required when --section=aliases");
    const options = flags.option.map((written) => {
      const [option = "", value] = written.split(/=(.*)/s);
      if (value === undefined)
        throw new UsageError(`invalid option format ${JSON.stringify(written)}, expected name=value`);
      return { name: option, default: value };
    });
    const path = pathIn(session, flags.kuberc);
    const file = preferenceOf((await read(session, path)) ?? {});
    const isSame = (each: JsonObject) =>
      section === "aliases" ? textAt(each, "name") === name : textAt(each, "command") === command;
    const entries = listAt(file, section);
    if (entries.some(isSame) && !flags.overwrite)
      throw new UsageError(
        section === "aliases"
          ? `alias ${JSON.stringify(name)} already exists, use --overwrite to replace`
          : `defaults for command ${JSON.stringify(command)} already exist, use --overwrite to replace`,
      );
    const entry: JsonObject = {
      ...(section === "aliases" && { name }),
      command,
      ...(flags.prependarg.length > 0 && { prependArgs: [...flags.prependarg] }),
      ...(flags.appendarg.length > 0 && { appendArgs: [...flags.appendarg] }),
      ...(options.length > 0 && { options }),
    };
    const kept = entries.filter((each) => !isSame(each));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, toYaml({ ...objectAt({ file }, "file"), [section]: [...kept, entry] }), { mode: 0o600 });
    session.line(`Updated ${path}`);
  },
});

const kuberc = defineVerb({ name: "kuberc", summary: "Show and change the preferences", subcommands: [set, view] });

export const alpha = defineVerb({ name: "alpha", summary: "What is still on trial", subcommands: [kuberc] });
