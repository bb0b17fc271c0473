/** Sets, takes away and lists environment variables of containers. */
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, mapAt, nameOf, objectAt, textAt } from "../json.ts";
import { pathOf } from "../resources/mapper.ts";
import { type Info, select } from "../resources/select.ts";
import type { Api, Session } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { bool, list, text } from "./flags.ts";
import { changeAll, podSpecPath, withContainers, withPodSpec, workloadFlags } from "./set-workload.ts";

type Variable = JsonObject & { name: string };

const IS_VARIABLE = /^[A-Za-z_.-][\w.-]*(=|-$)/;

export const env = defineVerb({
  name: "env",
  summary: "Change environment variables of containers",
  usage: "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [flags]",
  examples: ["kubectl set env deployment/web LEVEL=debug", "kubectl set env deployment/web LEVEL-"],
  flags: {
    ...workloadFlags,
    containers: text({ help: "Of containers by these names; * stands for any text.", short: "c", default: "*" }),
    env: list({ help: "A variable, KEY=VALUE.", short: "e" }),
    from: text({ help: "Variables from a config map or secret: configmap/NAME." }),
    keys: list({ help: "Only these keys of --from." }),
    prefix: text({ help: "Stands before the names of variables from --from." }),
    list: bool({ help: "Show the variables." }),
    resolve: bool({ help: "With --list: values of config maps and secrets instead of where they are." }),
    overwrite: bool({ help: "Replace what is set already.", default: true }),
  },
  async run(session, { flags, args }) {
    const isChange = (arg: string) => IS_VARIABLE.test(arg) && !arg.includes("/");
    const changes = [...args.filter(isChange), ...flags.env];
    const resources = args.filter((arg) => !isChange(arg));
    if (resources.length === 0 && flags.filename.length === 0)
      throw new UsageError("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    if (flags.list && changes.length === 0 && !flags.from) return listAll(session, flags, resources);
    if (changes.length === 0 && !flags.from) throw new UsageError("at least one environment variable must be provided");
    const added = [...(await fromSource(session, flags)), ...changes.filter((c) => c.includes("=")).map(variableOf)];
    const none =
      ({ resource, name }: Info) =>
      () =>
        session.note(
          `Warning: ${resource.kind}/${name} does not have any containers matching ${JSON.stringify(flags.containers)}`,
        );
    const removed = changes.filter((c) => !c.includes("=")).map((c) => c.slice(0, -1));
    return changeAll(session, flags, resources, {
      verb: "set env",
      did: "env updated",
      change: (info) =>
        withPodSpec(info, (spec) =>
          withContainers(
            spec,
            flags.containers,
            (container) => {
              const old = listAt(container, "env") as Variable[];
              const taken = added.find(({ name }) => old.some((each) => each.name === name));
              if (taken && !flags.overwrite)
                throw new UsageError(`${JSON.stringify(taken.name)} already has a value, and --overwrite is false`);
              return withEnv(container, old, added, removed);
            },
            none(info),
          ),
        ),
    });
  },
});

function variableOf(text: string): Variable {
  const equals = text.indexOf("=");
  return { name: text.slice(0, equals), value: text.slice(equals + 1) };
}

function withEnv(
  container: JsonObject,
  old: readonly Variable[],
  added: readonly Variable[],
  removed: readonly string[],
): JsonObject {
  const byName = new Map(added.map((each) => [each.name, each]));
  const kept = old
    .filter(({ name }) => !removed.includes(name))
    .map((each) => {
      const next = byName.get(each.name);
      byName.delete(each.name);
      return next ?? each;
    });
  const env = [...kept, ...byName.values()];
  const { env: _, ...rest } = container;
  return env.length ? { ...rest, env } : rest;
}

/** References to the keys of a config map or secret, as variables named after them. */
async function fromSource(
  session: Session,
  { from, keys, prefix }: { readonly from: string; readonly keys: readonly string[]; readonly prefix: string },
): Promise<Variable[]> {
  if (!from) return [];
  const { infos, errors } = await select(await session.api(), { verb: "set env", args: [from] });
  if (errors[0]) throw errors[0];
  return infos.flatMap(({ object, resource }) => {
    const reference = { configmaps: "configMapKeyRef", secrets: "secretKeyRef" }[resource.resource];
    if (!reference)
      throw new UsageError(
        `unsupported resource specified in --from: ${resource.resource}; give a configmap or secret`,
      );
    return Object.keys(mapAt(object, "data"))
      .filter((key) => keys.length === 0 || keys.includes(key))
      .sort()
      .map((key) => {
        const name = key.toUpperCase().replace(/[^A-Z0-9_]/g, "_");
        if (name !== key) session.note(`Warning: key ${key} transferred to ${name}`);
        return { name: prefix + name, valueFrom: { [reference]: { name: nameOf(object), key } } };
      });
  });
}

async function listAll(
  session: Session,
  flags: {
    readonly filename: readonly string[];
    readonly recursive: boolean;
    readonly selector: string;
    readonly all: boolean;
    readonly resolve: boolean;
  },
  args: readonly string[],
): Promise<void> {
  const api = await session.api();
  const { infos, errors } = await select(api, {
    verb: "set env",
    args,
    files: flags.filename,
    recursive: flags.recursive,
    selector: flags.selector,
    all: flags.all,
  });
  if (errors[0]) throw errors[0];
  for (const info of infos)
    for (const container of listAt(info.object, ...podSpecPath(info), "containers")) {
      session.line(`# ${info.resource.kind} ${info.name}, container ${textAt(container, "name")}`);
      for (const variable of listAt(container, "env"))
        session.line((flags.resolve && (await resolved(api, info, variable))) || shown(variable));
    }
}

/** "NAME=value" with what a reference stands for; undefined where it is none, or cannot be followed. */
async function resolved(api: Api, { namespace }: Info, variable: JsonObject): Promise<string | undefined> {
  for (const [field, type] of [
    ["configMapKeyRef", "configmaps"],
    ["secretKeyRef", "secrets"],
  ] as const) {
    const reference = mapAt(variable, "valueFrom", field);
    if (!reference.name || !reference.key) continue;
    const resource = (await api.mapper()).resource(type);
    const object = await api.rest.get(pathOf(resource, namespace, reference.name), {
      of: { resource, name: reference.name },
    });
    const value = mapAt(object, "data")[reference.key] ?? "";
    const shownValue = type === "secrets" ? Buffer.from(value, "base64").toString("utf8") : value;
    return `${textAt(variable, "name")}=${shownValue}`;
  }
  return undefined;
}

function shown(variable: JsonObject): string {
  const name = textAt(variable, "name");
  const source = objectAt(variable, "valueFrom");
  const [kind = ""] = Object.keys(source);
  const at = (field: string) => textAt(source, kind, field);
  switch (kind) {
    case "":
      return `${name}=${textAt(variable, "value")}`;
    case "configMapKeyRef":
      return `# ${name} from configmap ${at("name")}, key ${at("key")}`;
    case "secretKeyRef":
      return `# ${name} from secret ${at("name")}, key ${at("key")}`;
    case "fieldRef":
      return `# ${name} from field path ${at("fieldPath")}`;
    default:
      return `# ${name} from resource field ${at("resource")}`;
  }
}
