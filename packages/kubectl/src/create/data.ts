/** Generators of what holds data: configmap, secrets of three types. Values come of literals, files, folders, env files. */
import { isUtf8 } from "node:buffer";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { FlagSet } from "@kubets/machinery/flags";
import { jsonText } from "@kubets/machinery/json-text";
import { UsageError } from "../errors.ts";
import { type JsonObject, nameOf } from "../json.ts";
import { hashOf } from "../kustomize/generators.ts";
import { defineVerb, type Verb } from "../verb.ts";
import { bool, list, text } from "../verbs/flags.ts";
import { generator, metadata } from "./generator.ts";

const hashFlag = { "append-hash": bool({ help: "The name ends on a hash of what it holds." }) };

const named = (object: JsonObject, { "append-hash": hashed }: { readonly "append-hash": boolean }): JsonObject =>
  hashed ? { ...object, metadata: metadata(`${nameOf(object)}-${hashOf(object, nameOf(object))}`) } : object;

const sourceFlags = {
  "from-literal": list({ help: "key=value.", split: false }),
  "from-file": list({ help: "[key=]file, or a folder.", split: false }),
  "from-env-file": list({ help: "A file of lines key=value.", split: false }),
};

type Sources = { readonly [K in keyof typeof sourceFlags]: readonly string[] };

async function readSources(flags: Sources): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const put = (key: string, value: Buffer) => {
    if (found.has(key))
      throw new UsageError(`cannot add key ${JSON.stringify(key)}, another key by that name already exists`);
    found.set(key, value);
  };
  for (const source of flags["from-file"]) await readFileSource(source, put);
  for (const literal of flags["from-literal"]) {
    const equals = literal.indexOf("=");
    if (equals <= 0) throw new UsageError(`invalid literal source ${literal}, expected key=value`);
    put(literal.slice(0, equals), Buffer.from(literal.slice(equals + 1).replace(/^(['"])(.*)\1$/s, "$2")));
  }
  for (const path of flags["from-env-file"]) {
    const text = await readFile(path, "utf8").catch(() => missing(path));
    for (const line of text.split("\n")) {
      const entry = line.trimStart();
      if (entry === "" || entry.startsWith("#")) continue;
      const [key = "", value = process.env[key] ?? ""] = entry.replace(/\r$/, "").split(/=(.*)/s);
      put(key, Buffer.from(value));
    }
  }
  return found;
}

const missing = (path: string): never => {
  throw new UsageError(`error reading ${path}: no such file or directory`);
};

async function readFileSource(source: string, put: (key: string, value: Buffer) => void): Promise<void> {
  const equals = source.indexOf("=");
  const path = source.slice(equals + 1);
  const info = await stat(path).catch(() => missing(path));
  if (!info.isDirectory()) {
    put(equals < 0 ? basename(path) : source.slice(0, equals), await readFile(path));
    return;
  }
  if (equals >= 0) throw new UsageError("cannot give a key name for a directory path");
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (entry.isFile()) put(entry.name, await readFile(join(path, entry.name)));
}

export const configmap = generator({
  name: "configmap",
  aliases: ["cm"],
  summary: "Create a config map of files and literals",
  usage: "NAME [--from-file=[key=]source] [--from-literal=key1=value1] [flags]",
  flags: { ...sourceFlags, ...hashFlag },
  async build(name, { flags }) {
    const data: JsonObject = {};
    const binaryData: JsonObject = {};
    for (const [key, value] of await readSources(flags)) {
      if (isUtf8(value)) data[key] = value.toString("utf8");
      else binaryData[key] = value.toString("base64");
    }
    const object: JsonObject = {
      apiVersion: "v1",
      ...(Object.keys(binaryData).length > 0 && { binaryData }),
      ...(Object.keys(data).length > 0 && { data }),
      kind: "ConfigMap",
      metadata: metadata(name),
    };
    return named(object, flags);
  },
});

const secretOf = (name: string, type: string, data: ReadonlyMap<string, Buffer>): JsonObject => ({
  apiVersion: "v1",
  ...(data.size > 0 && { data: Object.fromEntries([...data].map(([key, value]) => [key, value.toString("base64")])) }),
  kind: "Secret",
  metadata: metadata(name),
  ...(type && { type }),
});

async function fileFor(path: string): Promise<Buffer> {
  return readFile(path).catch(() => {
    throw new UsageError(`Cannot read file ${path}, open ${path}: no such file or directory`);
  });
}

const kinds: Verb[] = [
  generator({
    name: "generic",
    summary: "Create a secret of files and literals",
    usage: "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [flags]",
    flags: { ...sourceFlags, ...hashFlag, type: text({ help: "The type of the secret." }) },
    build: async (name, { flags }) => named(secretOf(name, flags.type, await readSources(flags)), flags),
  }),
  generator({
    name: "tls",
    summary: "Create a secret with a certificate and its key",
    usage: "NAME --cert=path/to/cert/file --key=path/to/key/file [flags]",
    flags: { ...hashFlag, cert: text({ help: "Certificate, PEM." }), key: text({ help: "Private key, PEM." }) },
    async build(name, { flags }) {
      if (!flags.key) throw new UsageError("key must be specified");
      if (!flags.cert) throw new UsageError("certificate must be specified");
      const data = new Map([
        ["tls.crt", await fileFor(flags.cert)],
        ["tls.key", await fileFor(flags.key)],
      ]);
      return named(secretOf(name, "kubernetes.io/tls", data), flags);
    },
  }),
  generator({
    name: "docker-registry",
    summary: "Create a secret to pull images with",
    usage: "NAME --docker-username=user --docker-password=password [--docker-server=server] [flags]",
    flags: {
      ...hashFlag,
      "docker-username": text({ help: "Username." }),
      "docker-password": text({ help: "Password." }),
      "docker-email": text({ help: "Email." }),
      "docker-server": text({ help: "The registry.", default: "https://index.docker.io/v1/" }),
      "from-file": list({ help: "A docker configuration file.", split: false }),
    },
    async build(name, { flags }) {
      const type = "kubernetes.io/dockerconfigjson";
      const [file] = flags["from-file"];
      if (file)
        return named(
          secretOf(name, type, new Map([[".dockerconfigjson", await fileFor(file.replace(/^[^=]*=/, ""))]])),
          flags,
        );
      const { "docker-username": username, "docker-password": password, "docker-email": email } = flags;
      if (!username) throw new UsageError("docker-username must be specified");
      if (!password) throw new UsageError("docker-password must be specified");
      const auth = Buffer.from(`${username}:${password}`).toString("base64");
      // Members stand in this order, not sorted.
      const entry = [
        ["username", username],
        ["password", password],
        ...(email ? [["email", email]] : []),
        ["auth", auth],
      ]
        .map(([key, value]) => `${jsonText(key)}:${jsonText(value)}`)
        .join(",");
      const config = `{"auths":{${jsonText(flags["docker-server"])}:{${entry}}}}`;
      return named(secretOf(name, type, new Map([[".dockerconfigjson", Buffer.from(config)]])), flags);
    },
  }),
];

export const secret: Verb = defineVerb<FlagSet>({
  name: "secret",
  summary: "Create a secret of some type",
  subcommands: kinds,
});
