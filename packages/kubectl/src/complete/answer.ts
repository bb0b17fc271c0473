/** The words that finish a command line, with what the shell is to do with them. */
import { type Kubeconfig } from "@kubets/client/kubeconfig/kubeconfig";
import { loadConfig } from "../api/connect.ts";
import { nameOf } from "../json.ts";
import { FORMS } from "../print/printer.ts";
import { kindText, resourceText } from "../resources/mapper.ts";
import { containerNames } from "../resources/pods.ts";
import { listInfos } from "../resources/select.ts";
import type { Session } from "../session.ts";
import { flagWords, type Question, verbWords } from "./question.ts";

interface Answer {
  readonly words: readonly string[];
  /** As the shell scripts of the original read it: 0 files may follow too, 4 they may not, 8 files of these endings. */
  readonly directive: 0 | 4 | 8;
}

const NONE: Answer = { words: [], directive: 0 };

/** Verbs whose arguments are objects of these types alone. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  "rollout history": ["deployment", "daemonset", "statefulset"],
  "rollout pause": ["deployment"],
  "rollout restart": ["deployment", "daemonset", "statefulset"],
  "rollout resume": ["deployment"],
  "rollout status": ["deployment", "daemonset", "statefulset"],
  "rollout undo": ["deployment", "daemonset", "statefulset"],
  autoscale: ["deployment", "replicaset", "replicationcontroller", "statefulset"],
  scale: ["deployment", "replicaset", "replicationcontroller", "statefulset"],
  expose: ["pod", "service", "replicationcontroller", "deployment", "replicaset"],
};

const OF_ONE_TYPE: Readonly<Record<string, string>> = {
  attach: "pods",
  cordon: "nodes",
  drain: "nodes",
  exec: "pods",
  logs: "pods",
  "port-forward": "pods",
  "top node": "nodes",
  "top pod": "pods",
  uncordon: "nodes",
};

const OF_ANY = new Set([
  "annotate",
  "apply edit-last-applied",
  "apply view-last-applied",
  "debug",
  "delete",
  "describe",
  "edit",
  "explain",
  "get",
  "label",
  "patch",
  "set env",
  "set image",
  "set resources",
  "set selector",
  "set serviceaccount",
  "set subject",
  "taint",
  "wait",
]);

const OF_CONFIG: Readonly<Record<string, "clusters" | "contexts" | "users">> = {
  "config delete-cluster": "clusters",
  "config delete-context": "contexts",
  "config delete-user": "users",
  "config get-contexts": "contexts",
  "config rename-context": "contexts",
  "config set-context": "contexts",
  "config use-context": "contexts",
};

export async function answerTo(session: Session, question: Question): Promise<Answer> {
  const found = await answer(session, question);
  if (found.directive === 8) return found;
  const { args, word } = question;
  return { ...found, words: found.words.filter((each) => each.startsWith(word) && !args.slice(1).includes(each)) };
}

async function answer(session: Session, question: Question): Promise<Answer> {
  switch (question.of) {
    case "verb":
      return { words: verbWords(question), directive: 4 };
    case "flag":
      return { words: flagWords(question), directive: 4 };
    case "value":
      return valueWords(session, question);
    default:
      return argumentWords(session, question);
  }
}

async function valueWords(session: Session, { flag = "", args }: Question): Promise<Answer> {
  const only = (words: readonly string[]): Answer => ({ words, directive: 4 });
  switch (flag) {
    case "filename":
      return { words: ["json", "yaml", "yml"], directive: 8 };
    case "output":
      return only(FORMS);
    case "namespace":
      return only(await namesOf(session, "namespaces"));
    case "context":
    case "cluster":
    case "user":
      return only(configNames(await config(session), `${flag}s`));
    case "container":
    case "target":
      return args[0] ? only(await containersOf(session, args[0])) : NONE;
    default:
      return NONE;
  }
}

async function argumentWords(session: Session, question: Question): Promise<Answer> {
  const { path, args, word } = question;
  const only = (words: readonly string[]): Answer => ({ words, directive: 4 });
  const section = OF_CONFIG[path];
  if (section) return only(args.length === 0 ? configNames(await config(session), section) : []);
  if (path === "completion") return only(["bash", "zsh", "fish", "powershell"]);
  const [slashed] = /^[^/]+(?=\/)/.exec(word) ?? [];
  if (slashed && (OF_ANY.has(path) || path in OF_ONE_TYPE || path in TYPES))
    return only((await namesOf(session, slashed)).map((name) => `${slashed}/${name}`));
  const one = OF_ONE_TYPE[path];
  if (one) return only(args.length > 0 && one === "pods" ? [] : await namesOf(session, one));
  const types = TYPES[path];
  if (types) return only(args[0] ? await namesOf(session, args[0]) : types);
  if (path === "taint") return only(await namesOf(session, "nodes"));
  if (!OF_ANY.has(path)) return NONE;
  return only(args[0] ? await namesOf(session, args[0]) : await resourceWords(session));
}

/** Of the core group by their names alone, of others with the group behind. */
async function resourceWords(session: Session): Promise<string[]> {
  const mapper = await (await session.api()).mapper();
  const seen = new Set<string>();
  for (const { versions } of mapper.groups)
    for (const resource of versions[0]?.resources ?? [])
      if (resource.verbs.includes("get")) seen.add(resourceText(resource));
  return [...seen];
}

async function namesOf(session: Session, types: string): Promise<string[]> {
  const api = await session.api();
  const mapper = await api.mapper();
  const names: string[] = [];
  for (const type of types.split(",").filter((each) => each !== "")) {
    const resource = mapper.find(type);
    if (!resource || kindText(resource) === "") continue;
    const infos = await listInfos(api, resource, resource.namespaced ? api.namespace : undefined, {});
    names.push(...infos.map(({ object }) => nameOf(object)));
  }
  return names;
}

async function containersOf(session: Session, written: string): Promise<string[]> {
  const api = await session.api();
  const name = written.split("/").at(-1) ?? "";
  const pods = await listInfos(api, (await api.mapper()).resource("pods"), api.namespace, {
    fieldSelector: `metadata.name=${name}`,
  });
  return pods.flatMap(({ object }) => Object.values(containerNames(object)).flat()).sort();
}

const config = (session: Session): Promise<Kubeconfig> => loadConfig(session.flags, session.machine);
const configNames = (file: Kubeconfig, section: "clusters" | "contexts" | "users"): string[] =>
  [...file[section].keys()].sort();
