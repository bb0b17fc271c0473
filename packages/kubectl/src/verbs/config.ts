/** Shows and changes the kubeconfig. */
import { changedUser, credentialFlags, fileFields } from "../config/credentials.ts";
import {
  changeEntry,
  fileForNew,
  merged,
  readFiles,
  setCurrentContext,
  withEntry,
  writeConfig,
} from "../config/files.ts";
import { propertyOf, withoutProperty, withProperty } from "../config/property.ts";
import type { Section } from "../config/shape.ts";
import { PlainError, UsageError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { tableText } from "../print/tabs.ts";
import type { Session } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { view } from "./config-view.ts";
import { bool, text } from "./flags.ts";

const load = async (session: Session) => merged(await readFiles(session));

function oneName(args: readonly string[]): string {
  if (args.length !== 1) throw new UsageError(`Unexpected args: [${args.join(" ")}]`);
  return args[0] as string;
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
        const { cluster = "", user = "", namespace = "" } = (config.contexts.get(name) ?? {}) as Record<string, string>;
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
    const name = oneName(args);
    if (!(await load(session)).contexts.has(name))
      throw new UsageError(`no context exists with the name: ${JSON.stringify(name)}`);
    await setCurrentContext(session, name);
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
    if (flags.current && !name) throw new UsageError("no current context is set");
    if (!name) throw new UsageError("you must specify a non-empty context name or --current");
    const existed = await changeEntry(session, "contexts", name, (context) => ({
      ...context,
      ...(cluster && { cluster }),
      ...(user && { user }),
      ...(namespace && { namespace }),
    }));
    session.line(`Context ${JSON.stringify(name)} ${existed ? "modified" : "created"}.`);
  },
});

const renameContext = defineVerb({
  name: "rename-context",
  summary: "Rename a context",
  usage: "CONTEXT_NAME NEW_NAME",
  async run(session, { args }) {
    const [from = "", to = "", ...more] = args;
    if (!from || !to || more.length > 0) throw new UsageError(`Unexpected args: [${args.join(" ")}]`);
    const files = await readFiles(session);
    const file = files.find(({ contexts }) => contexts.has(from));
    const path = fileForNew(files).path;
    if (!file) throw new UsageError(`cannot rename the context ${JSON.stringify(from)}, it's not in ${path}`);
    if (files.some(({ contexts }) => contexts.has(to)))
      throw new UsageError(
        `cannot rename the context ${JSON.stringify(from)}, the context ${JSON.stringify(to)} already exists in ${path}`,
      );
    const entry = file.contexts.get(from) as JsonObject;
    const isCurrent = merged(files).currentContext === from;
    await writeConfig(withEntry(withEntry(file, "contexts", from, undefined), "contexts", to, entry));
    if (isCurrent) await setCurrentContext(session, to);
    session.line(`Context ${JSON.stringify(from)} renamed to ${JSON.stringify(to)}.`);
  },
});

const clusterFlags = {
  server: text({ help: "The address of the API server." }),
  "certificate-authority": text({ help: "The file of its certificate authority." }),
  "insecure-skip-tls-verify": bool({ help: "Trust any certificate." }),
  "tls-server-name": text({ help: "Name that the server's certificate must carry." }),
  "proxy-url": text({ help: "The proxy on the way to it." }),
  "embed-certs": bool({ help: "Put the content of the file into the kubeconfig." }),
};

const setCluster = defineVerb({
  name: "set-cluster",
  summary: "Make or change a cluster",
  usage: "NAME [--server=server] [--certificate-authority=path] [--insecure-skip-tls-verify=true] [flags]",
  flags: clusterFlags,
  async run(session, { flags, args, given }) {
    const name = oneName(args);
    const [insecure, ca] = ["insecure-skip-tls-verify", "certificate-authority"] as const;
    if (flags[insecure] && flags[ca])
      throw new UsageError("you cannot specify a certificate authority and insecure mode at the same time");
    if (flags["embed-certs"] && !flags[ca]) throw new UsageError("you must specify a --certificate-authority to embed");
    await changeEntry(session, "clusters", name, async (before, file) => {
      const cluster: JsonObject = { ...before };
      for (const field of ["server", "tls-server-name", "proxy-url"] as const)
        if (given.has(field)) cluster[field] = flags[field];
      if (given.has(insecure)) cluster[insecure] = flags[insecure];
      if (flags[insecure]) Object.assign(cluster, { [ca]: "", [`${ca}-data`]: "" });
      if (!given.has(ca)) return cluster;
      return { ...cluster, [insecure]: false, ...(await fileFields(ca, flags[ca], flags["embed-certs"], file.path)) };
    });
    session.line(`Cluster ${JSON.stringify(name)} set.`);
  },
});

const setCredentials = defineVerb({
  name: "set-credentials",
  summary: "Make or change a user",
  usage: "NAME [--client-certificate=path] [--client-key=path] [--token=token] [--exec-command=command] [flags]",
  flags: credentialFlags,
  async run(session, { flags, args, given }) {
    const name = oneName(args);
    await changeEntry(session, "users", name, (before, file) => changedUser(before, flags, given, file.path));
    session.line(`User ${JSON.stringify(name)} set.`);
  },
});

/** The file in which a property's entry stands, or a new one is put. */
async function fileOf(session: Session, path: string) {
  const files = await readFiles(session);
  const property = propertyOf(path);
  const own =
    property.at === "current-context"
      ? files.find((file) => file.currentContext !== "")
      : property.at !== "colors" && files.find((file) => file[property.at].has(property.name));
  return own || fileForNew(files);
}

const set = defineVerb({
  name: "set",
  summary: "Set one value",
  usage: "PROPERTY_NAME PROPERTY_VALUE",
  examples: ["kubectl config set clusters.dev.server https://10.0.0.1:6443"],
  flags: { "set-raw-bytes": bool({ help: "What is kept in base64 is given as it is." }) },
  async run(session, { flags, args }) {
    const [path = "", value, ...more] = args;
    if (value === undefined || more.length > 0) throw new UsageError(`Unexpected args: [${args.join(" ")}]`);
    await writeConfig(withProperty(await fileOf(session, path), path, value, flags["set-raw-bytes"]));
    session.line(`Property ${JSON.stringify(path)} set.`);
  },
});

const unset = defineVerb({
  name: "unset",
  summary: "Remove one value",
  usage: "PROPERTY_NAME",
  async run(session, { args }) {
    const path = oneName(args);
    await writeConfig(withoutProperty(await fileOf(session, path), path));
    session.line(`Property ${JSON.stringify(path)} unset.`);
  },
});

const remove = (what: "context" | "cluster" | "user") =>
  defineVerb({
    name: `delete-${what}`,
    summary: `Delete a ${what}`,
    usage: "NAME",
    async run(session, { args }) {
      const name = oneName(args);
      const section: Section = `${what}s`;
      const files = await readFiles(session);
      const file = files.find((each) => each[section].has(name));
      const { path } = fileForNew(files);
      if (!file) throw new UsageError(`cannot delete ${what} ${name}, not in ${path}`);
      if (what === "context" && merged(files).currentContext === name)
        session.note(
          'warning: this removed your active context, use "kubectl config use-context" to select a different one',
        );
      await writeConfig(withEntry(file, section, name, undefined));
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
    renameContext,
    set,
    setCluster,
    setContext,
    setCredentials,
    unset,
    useContext,
    view,
  ],
});
