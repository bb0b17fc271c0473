/**
 * The person's preferences (kubectl.config.k8s.io Preference): defaults for flags of verbs, and verbs of one's own that stand for others.
 * Holds: pure but for `readPreference`; a flag that is given goes before a default.
 */
import { join } from "node:path";
import { isObject } from "@kubets/machinery/json-value";
import { parseYaml } from "@kubets/machinery/yaml";
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, textAt, textsAt } from "../json.ts";
import type { Machine } from "../session.ts";

export interface Option {
  readonly name: string;
  readonly default: string;
}

interface Alias {
  readonly name: string;
  readonly command: string;
  readonly prependArgs: readonly string[];
  readonly appendArgs: readonly string[];
  readonly options: readonly Option[];
}

interface Preference {
  readonly defaults: ReadonlyMap<string, readonly Option[]>;
  readonly aliases: ReadonlyMap<string, Alias>;
}

const NONE: Preference = { defaults: new Map(), aliases: new Map() };

export const KUBERC_VERSION = "kubectl.config.k8s.io/v1beta1";
const VERSIONS = [KUBERC_VERSION, "kubectl.config.k8s.io/v1alpha1"];

/** The file of --kuberc, else of $KUBERC, else ~/.kube/kuberc; undefined where it is switched off. */
export function preferencePath(flag: string, { env, home }: Machine["reading"]): string | undefined {
  if (flag === "off" || (flag === "" && env.KUBERC === "off")) return undefined;
  return flag || env.KUBERC || join(home, ".kube", "kuberc");
}

export async function readPreference(flag: string, reading: Machine["reading"]): Promise<Preference> {
  const path = preferencePath(flag, reading);
  if (!path) return NONE;
  const named = flag || reading.env.KUBERC;
  const text = await reading.readText(path).catch((error: unknown) => {
    if (named) throw new UsageError(`kuberc: open ${path}: ${(error as Error).message}`);
    return "";
  });
  return text.trim() === "" ? NONE : parsePreference(text, path);
}

export function parsePreference(text: string, path: string): Preference {
  const file = parseYaml(text);
  if (!isObject(file) || textAt(file, "kind") !== "Preference" || !VERSIONS.includes(textAt(file, "apiVersion")))
    throw new UsageError(`kuberc: ${path} holds no Preference of ${KUBERC_VERSION}`);
  const optionsOf = (each: JsonObject): Option[] =>
    // Of the first version, options were called flags.
    [...listAt(each, "options"), ...listAt(each, "flags")].map((option) => ({
      name: textAt(option, "name"),
      default: textAt(option, "default"),
    }));
  const defaults = [...listAt(file, "defaults"), ...listAt(file, "overrides")];
  return {
    defaults: new Map(defaults.map((each) => [textAt(each, "command"), optionsOf(each)])),
    aliases: new Map(
      listAt(file, "aliases").map((each): [string, Alias] => [
        textAt(each, "name"),
        {
          name: textAt(each, "name"),
          command: textAt(each, "command"),
          prependArgs: textsAt(each, "prependArgs"),
          appendArgs: textsAt(each, "appendArgs"),
          options: optionsOf(each),
        },
      ]),
    ),
  };
}

/** What an alias stands for, with the arguments that followed it. */
export function expanded(alias: Alias, args: readonly string[]): string[] {
  const given = (name: string) => args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  const options = alias.options.filter(({ name }) => !given(name)).map((each) => `--${each.name}=${each.default}`);
  return [...alias.command.split(" "), ...alias.prependArgs, ...options, ...args, ...alias.appendArgs];
}
