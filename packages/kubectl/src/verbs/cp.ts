/** Copies files between this machine and a container, by the `tar` that the container has. */
import { stat } from "node:fs/promises";
import { basename, posix } from "node:path";
import { PassThrough, Readable, type Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { cleanRemote, type FileSpec, parseFileSpec } from "../copy/file-spec.ts";
import { packed } from "../copy/pack.ts";
import { unpack } from "../copy/unpack.ts";
import { asError, UsageError } from "../errors.ts";
import { nameOf, namespaceOf } from "../json.ts";
import { pathOf } from "../resources/mapper.ts";
import { containerOf } from "../resources/pods.ts";
import type { Api, Session } from "../session.ts";
import { runStreams } from "../stream/run-streams.ts";
import { defineVerb } from "../verb.ts";
import { bool, containerFlag, int } from "./flags.ts";

export const cp = defineVerb({
  name: "cp",
  summary: "Copy files to and from containers",
  usage: "<file-spec-src> <file-spec-dest>",
  examples: ["kubectl cp /tmp/foo web-0:/tmp/bar -c main", "kubectl cp prod/web-0:/var/log/app ./log"],
  flags: {
    ...containerFlag,
    "no-preserve": bool({ help: "Neither owner nor permissions are kept in the container." }),
    retries: int({ help: "How often to go on after a break, when copying from a container; negative for ever." }),
  },
  async run(session, { flags, args }) {
    const [source, destination, ...more] = args;
    if (!source || !destination || more.length > 0) throw new UsageError("source and destination are required");
    const [from, to] = [parseFileSpec(source), parseFileSpec(destination)];
    if (from.pod && to.pod) throw new UsageError("one of src or dest must be a local file specification");
    if (from.path === "" || to.path === "") throw new UsageError("filepath can not be empty");
    if (from.pod) return copyFrom(await containerAt(session, from, flags.container), from.path, to.path, flags.retries);
    if (!to.pod) throw new UsageError("one of src or dest must be a remote file specification");
    if (!(await stat(from.path).catch(() => undefined)))
      throw new UsageError(`${from.path} doesn't exist in local filesystem`);
    return copyTo(await containerAt(session, to, flags.container), from.path, to.path, flags["no-preserve"]);
  },
});

interface Container {
  readonly session: Session;
  readonly namespace: string;
  readonly pod: string;
  /** The exit code of a command that runs there. */
  run(command: readonly string[], streams: { stdin?: Readable; stdout?: Writable; stderr?: Writable }): Promise<number>;
}

async function containerAt(session: Session, spec: FileSpec, named: string): Promise<Container> {
  const api: Api = await session.api();
  const resource = (await api.mapper()).resource("pods");
  const namespace = spec.namespace || api.namespace;
  const object = await api.rest.get(pathOf(resource, namespace, spec.pod), { of: { resource, name: spec.pod } });
  const container = containerOf(object, named, (text) => session.note(text));
  const path = pathOf(resource, namespace, spec.pod, "exec");
  return {
    session,
    namespace: namespaceOf(object),
    pod: nameOf(object),
    run: (command, streams) =>
      runStreams(
        api.rest,
        path,
        { command, container },
        { stdin: undefined, stdout: undefined, stderr: undefined, ...streams },
      ),
  };
}

async function copyTo(container: Container, source: string, destination: string, plain: boolean): Promise<number> {
  const { stderr } = container.session.machine.streams;
  const named = cleanRemote(destination);
  const isFolder = (await container.run(["test", "-d", named], { stdout: new PassThrough().resume() })) === 0;
  const target = isFolder ? posix.join(named, basename(source)) : named;
  const folder = posix.dirname(target);
  const tar = ["tar", ...(plain ? ["--no-same-permissions", "--no-same-owner"] : []), "-xmf", "-"];
  const command = [...tar, ...(folder === "." ? [] : ["-C", folder])];
  return failed(
    await container.run(command, {
      stdin: Readable.from(packed(source, posix.basename(target))),
      stdout: container.session.machine.streams.stdout,
      stderr,
    }),
  );
}

async function copyFrom(container: Container, source: string, destination: string, retries: number): Promise<number> {
  const { session, namespace, pod } = container;
  const archive = new PassThrough();
  const path = cleanRemote(source);
  const unpacking = unpack(archive, {
    source: path,
    destination,
    warn: (text) => session.note(text),
    instead: `kubectl exec -n ${JSON.stringify(namespace)} ${JSON.stringify(pod)} -- tar cf - ${JSON.stringify(path)} | tar xf -`,
  });
  unpacking.catch(() => {});
  const code = await readTar(container, source, archive, retries);
  if (code === 0) archive.end();
  else archive.destroy(new UsageError(`command terminated with exit code ${code}`));
  await unpacking.catch((error: unknown) => {
    if (code === 0) throw error;
  });
  return failed(code);
}

/** Goes on behind the bytes that came, where the connection broke. */
async function readTar(container: Container, source: string, archive: PassThrough, retries: number): Promise<number> {
  let read = 0;
  for (let tries = 0; ; tries++) {
    const counted = new PassThrough();
    counted.on("data", (chunk: Buffer) => (read += chunk.length));
    counted.pipe(archive, { end: false });
    const plain = ["tar", "cf", "-", source];
    const command = tries === 0 ? plain : ["sh", "-c", `tar cf - ${source} | tail -c+${read + 1}`];
    try {
      const code = await container.run(command, { stdout: counted, stderr: container.session.machine.streams.stderr });
      // What came last may still be on its way to the archive; one that is broken takes nothing more.
      await Promise.race([finished(counted.end()), finished(archive)]).catch(() => {});
      return code;
    } catch (error) {
      if (retries >= 0 && tries >= retries) throw error;
      const of = retries < 0 ? "" : `/${retries}`;
      container.session.note(`Resuming copy at ${read} bytes, retry ${tries + 1}${of} - ${asError(error).message}`);
    }
  }
}

function failed(code: number): number {
  if (code !== 0) throw new UsageError(`command terminated with exit code ${code}`);
  return 0;
}
