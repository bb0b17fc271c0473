/**
 * A command in a container with this program's standard streams: exec, attach and what is built on them.
 * Holds: resolves with the command's exit code when all that it wrote has been handed on; a terminal is put back as it was.
 */
import type { Readable, Writable } from "node:stream";
import { parseJson } from "@kubets/machinery/json";
import { type Status, StatusError } from "@kubets/machinery/status-error";
import { type SessionStream, type StreamSession, UpgradeRefusedError } from "@kubets/wire/transport";
import type { Query, Rest } from "../api/rest.ts";
import { queryText } from "../api/rest.ts";
import type { StandardStreams } from "../session.ts";

const WEBSOCKET = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
const SPDY = ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"];

export interface RunStreams {
  readonly stdin?: Readable | undefined;
  readonly stdout?: Writable | undefined;
  readonly stderr?: Writable | undefined;
  /** The terminal whose size is told. */
  readonly terminal?: StandardStreams["stdout"] | undefined;
}

/** By WebSocket, and where the server speaks none by SPDY. */
async function open(rest: Rest, path: string): Promise<StreamSession> {
  try {
    return await rest.upgrade(path, { protocols: WEBSOCKET });
  } catch (error) {
    const refused =
      error instanceof UpgradeRefusedError ||
      (error instanceof StatusError && [400, 405, 426].includes(error.code) && error.reason !== "BadRequest");
    if (!refused) throw error;
    return rest.upgrade(path, { protocols: SPDY, carrier: "spdy" });
  }
}

export async function runStreams(rest: Rest, path: string, query: Query, streams: RunStreams): Promise<number> {
  const { stdin, stdout, stderr, terminal } = streams;
  const asked = { ...query, stdin: stdin !== undefined, stdout: stdout !== undefined, stderr: stderr !== undefined };
  const session = await open(rest, path + queryText(asked));
  const errors = session.open({ streamtype: "error" });
  const input = stdin && session.open({ streamtype: "stdin" });
  const outputs: Promise<void>[] = [];
  if (stdout) outputs.push(copy(session.open({ streamtype: "stdout" }), stdout));
  if (stderr) outputs.push(copy(session.open({ streamtype: "stderr" }), stderr));
  const resize = terminal && session.open({ streamtype: "resize" });
  const stopInput = stdin && input ? feed(stdin, input) : () => {};
  const stopSizes = terminal && resize ? tellSizes(terminal, resize) : () => {};
  try {
    const [status] = await Promise.all([readAll(errors), ...outputs]);
    return exitCodeIn(status, await Promise.race([session.closed, Promise.resolve(undefined)]));
  } finally {
    stopInput();
    stopSizes();
    session.close();
    session.destroy();
  }
}

function copy(from: SessionStream, to: Writable): Promise<void> {
  return new Promise((resolve) => {
    from.on("data", (chunk: Buffer) => {
      if (!to.write(chunk)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
    });
    from.once("end", resolve);
    from.once("close", resolve);
  });
}

function readAll(stream: SessionStream): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const done = () => resolve(Buffer.concat(chunks).toString("utf8"));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.once("end", done);
    stream.once("close", done);
  });
}

function feed(from: Readable, to: SessionStream): () => void {
  const onData = (chunk: Buffer) => {
    if (to.writable && !to.write(chunk)) {
      from.pause();
      to.once("drain", () => from.resume());
    }
  };
  const onEnd = () => to.end();
  from.on("data", onData);
  from.once("end", onEnd);
  return () => {
    from.off("data", onData);
    from.off("end", onEnd);
    from.pause();
    (from as { unref?(): void }).unref?.();
  };
}

function tellSizes(terminal: StandardStreams["stdout"], to: SessionStream): () => void {
  const tell = () => {
    if (to.writable) to.write(`${JSON.stringify({ Width: terminal.columns ?? 80, Height: terminal.rows ?? 24 })}\n`);
  };
  tell();
  terminal.on("resize", tell);
  return () => terminal.off("resize", tell);
}

class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

/** The exit code in the Status that ends a command; throws where the command did not even run. */
export function exitCodeIn(text: string, broken?: Error): number {
  if (text === "") {
    if (broken) throw broken;
    return 0;
  }
  let status: Partial<Status>;
  try {
    status = parseJson(text) as unknown as Partial<Status>;
  } catch {
    throw new CommandFailed(text);
  }
  if (status.status === "Success") return 0;
  const code = status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  if (status.reason === "NonZeroExitCode" && code !== undefined) return Number(code);
  throw new CommandFailed(status.message ?? text);
}
