/** Shows and changes the kubeconfig. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { formatKubeconfig, type Kubeconfig, parseKubeconfig } from "@kubets/client/kubeconfig/kubeconfig";
import { toYaml } from "@kubets/machinery/yaml";
import { configPath, loadConfig } from "../api/connect.ts";
import { PlainError, UsageError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { printerFor } from "../print/printer.ts";
import { tableText } from "../print/tabs.ts";
import type { Session } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { bool, text } from "./flags.ts";

const SECRET = ["client-key-data", "client-certificate-data", "certificate-authority-data", "token", "password"];

/** The file as an object, with secrets blotted out. */
function shown(config: Kubeconfig, raw: boolean): JsonObject {
  const entry = (object: object): JsonObject =>
    Object.fromEntries(
      Object.entries(object).map(([key, value]) => [key, !raw && SECRET.includes(key) && value ? blotted(key) : value]),
    ) as JsonObject;
  const listed = (entries: ReadonlyMap<string, object>, field: string) =>
    [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ [field]: entry(value), name }));
  const contexts = listed(config.contexts, "context");
  return {
    apiVersion: "v1",
    clusters: listed(config.clusters, "cluster"),
    contexts,
    "current-context": config.currentContext,
    kind: "Config",
    users: listed(config.users, "user"),
  };
}

const blotted = (key: string): string => (key.endsWith("-data") ? "DATA+OMITTED" : "REDACTED");

/** Reads the file that is changed, changes it, writes it. */
async function change(session: Session, edit: (config: Kubeconfig) => Kubeconfig): Promise<void> {
  const path = resolve(await configPath(session.flags, session.machine));
  const text = await session.machine.reading.readText(path).catch(() => "");
  const after = edit(parseKubeconfig(text, path));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, formatKubeconfig(after), { mode: 0o600 });
}

const load = (session: Session): Promise<Kubeconfig> => loadConfig(session.flags, session.machine);

const view = defineVerb({
  name: "view",
  summary: "Show the merged kubeconfig",
  flags: {
    raw: bool({ help: "With secrets." }),
    minify: bool({ help: "Only what the current context uses." }),
    flatten: bool({ help: "Not used: files are shown as they are." }),
    output: text({ help: "Form of the output.", short: "o", default: "yaml" }),
    template: text({ help: "Template of the form." }),
  },
  async run(session, { flags }) {
    const config = await load(session);
    const print = await printerFor(flags.output, { template: flags.template });
    const object = shown(flags.minify ? minified(config, session.flags.context) : config, flags.raw);
    session.io.output(print ? print(object) : toYaml(object));
  },
});

function minified(config: Kubeconfig, named: string): Kubeconfig {
  const name = named || config.currentContext;
  const context = config.contexts.get(name);
  if (!context) throw new UsageError(`cannot locate context ${name}`);
  const only = <T>(entries: ReadonlyMap<string, T>, key = "") => new Map([...entries].filter(([each]) => each === key));
  return {
    contexts: only(config.contexts, name),
    clusters: only(config.clusters, context.cluster),
    users: only(config.users, context.user),
    currentContext: name,
  };
}

const currentContext = defineVerb({
  name: "current-context",
  summary: "Show the current context",
  async run(session) {
    const name = session.flags.context || (await load(session)).currentContext;
    if (!name) throw new UsageError("current-context is not set");
    session.line(name);
  },
});

const getContexts = defineVerb({
  name: "get-contexts",
  summary: "Show the contexts",
  usage: "[NAME...] [flags]",
  flags: {
    output: text({ help: '"name" for names only.', short: "o" }),
    "no-headers": bool({ help: "No line of headers." }),
  },
  async run(session, { flags, args }) {
    const config = await load(session);
    const names = args.length > 0 ? args : [...config.contexts.keys()].sort();
    const missing = names.filter((name) => !config.contexts.has(name));
    const found = names.filter((name) => config.contexts.has(name));
    if (flags.output === "name") session.io.output(found.map((name) => `${name}\n`).join(""));
    else {
      const rows = found.map((name) => {
        const { cluster = "", user = "", namespace = "" } = config.contexts.get(name) ?? {};
        return [name === config.currentContext ? "*" : "", name, cluster, user, namespace];
      });
      session.io.output(
        tableText(flags["no-headers"] ? rows : [["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"], ...rows]),
      );
    }
    if (missing.length > 0) throw new PlainError(missing.map((name) => `error: context ${name} not found`).join("\n"));
  },
});

const useContext = defineVerb({
  name: "use-context",
  aliases: ["use"],
  summary: "Choose the current context",
  usage: "CONTEXT_NAME",
  async run(session, { args }) {
    const [name = ""] = args;
    if (args.length !== 1) throw new UsageError("Unexpected args");
    if (!(await load(session)).contexts.has(name))
      throw new UsageError(`no context exists with the name: ${JSON.stringify(name)}`);
    await change(session, (config) => ({ ...config, currentContext: name }));
    session.line(`Switched to context ${JSON.stringify(name)}.`);
  },
});

const setContext = defineVerb({
  name: "set-context",
  summary: "Make or change a context",
  usage: "[NAME | --current] [--cluster=cluster] [--user=user] [--namespace=namespace]",
  flags: { current: bool({ help: "The current one." }) },
  async run(session, { flags, args }) {
    const { cluster, user, namespace } = session.flags;
    const name = flags.current ? (await load(session)).currentContext : args[0];
    if (!name) throw new UsageError("you must specify a non-empty context name or --current");
    let existed = false;
    await change(session, (config) => {
      existed = config.contexts.has(name);
      const context = {
        ...config.contexts.get(name),
        ...(cluster && { cluster }),
        ...(user && { user }),
        ...(namespace && { namespace }),
      };
      return { ...config, contexts: new Map([...config.contexts, [name, context]]) };
    });
    session.line(`Context ${JSON.stringify(name)} ${existed ? "modified" : "created"}.`);
  },
});

const without = (config: Kubeconfig, what: "context" | "cluster" | "user", name: string): Kubeconfig => {
  const kept = <T>(entries: ReadonlyMap<string, T>) => new Map([...entries].filter(([each]) => each !== name));
  if (what === "context") return { ...config, contexts: kept(config.contexts) };
  return what === "cluster" ? { ...config, clusters: kept(config.clusters) } : { ...config, users: kept(config.users) };
};

const remove = (what: "context" | "cluster" | "user") =>
  defineVerb({
    name: `delete-${what}`,
    summary: `Delete a ${what}`,
    usage: "NAME",
    async run(session, { args }) {
      const [name = ""] = args;
      const key = `${what}s` as const;
      const path = await configPath(session.flags, session.machine);
      await change(session, (config) => {
        if (!config[key].has(name)) throw new UsageError(`cannot delete ${what} ${name}, not in ${path}`);
        return without(config, what, name);
      });
      session.line(`deleted ${what} ${name} from ${path}`);
    },
  });

const names = (what: "cluster" | "user") =>
  defineVerb({
    name: `get-${what}s`,
    summary: `Show the ${what}s`,
    async run(session) {
      const config = await load(session);
      session.io.output(["NAME", ...[...config[`${what}s`].keys()].sort()].map((line) => `${line}\n`).join(""));
    },
  });

export const config = defineVerb({
  name: "config",
  summary: "Show and change the kubeconfig",
  subcommands: [
    currentContext,
    remove("cluster"),
    remove("context"),
    remove("user"),
    names("cluster"),
    getContexts,
    names("user"),
    setContext,
    useContext,
    view,
  ],
});
