/**
 * A program in a container, by a connection that carries several channels: what it is told, what it says, how it ended.
 * Holds: the end is told once, with the program's exit code or why there is none.
 */
import { asFailure, Failure } from "./failure.ts";
import type { Server } from "./server.ts";

export interface Channels {
  write(text: string): void;
  resize(columns: number, rows: number): void;
  close(): void;
}

/** Of a program that ran there is a code. */
export interface ProgramEnd {
  readonly code?: number;
  readonly failure?: Failure;
}

export interface ChannelListener {
  onOpen(): void;
  onOutput(bytes: Uint8Array): void;
  onEnd(end: ProgramEnd): void;
}

const PROTOCOL = "v5.channel.k8s.io";
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
/** Says that nothing more comes on the channel that follows. */
const CLOSE = 255;
const NOT_UPGRADED = 400;

export function openChannels(server: Server, path: string, { onOpen, onOutput, onEnd }: ChannelListener): Channels {
  const socket = server.socket(path, [PROTOCOL]);
  let isOpen = false;
  let isOver = false;
  let status = "";
  const send = (channel: number, text: string) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(message(channel, text));
  };
  const end = (how: ProgramEnd) => {
    if (!isOver) onEnd(how);
    isOver = true;
  };
  socket.onopen = () => {
    isOpen = true;
    if (!isOver) onOpen();
  };
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
    if (isOver) return;
    const [channel] = new Uint8Array(data, 0, 1);
    const bytes = new Uint8Array(data, 1);
    if (channel === STDOUT || channel === STDERR) onOutput(bytes);
    else if (channel === ERROR) status += new TextDecoder().decode(bytes);
  };
  socket.onclose = () => {
    if (status) end(endOf(status));
    else if (isOpen) end({ failure: new Failure("the connection to the container broke off") });
    else void refusal(server, path).then((failure) => end({ failure }));
  };
  return {
    write: (text) => send(STDIN, text),
    resize: (columns, rows) => send(RESIZE, JSON.stringify({ Width: columns, Height: rows })),
    close() {
      isOver = true;
      if (socket.readyState === WebSocket.OPEN) socket.send(new Uint8Array([CLOSE, STDIN]));
      socket.close();
    },
  };
}

function message(channel: number, text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  const all = new Uint8Array(bytes.length + 1);
  all[0] = channel;
  all.set(bytes, 1);
  return all;
}

interface ExecStatus {
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

/** By the status that the server sends last. */
export function endOf(text: string): ProgramEnd {
  const { status, message: words = "", reason, code, details } = JSON.parse(text) as ExecStatus;
  if (status === "Success") return { code: 0 };
  const exit = details?.causes?.find((cause) => cause.reason === "ExitCode")?.message;
  if (reason === "NonZeroExitCode" && exit !== undefined) return { code: Number(exit) };
  return { failure: new Failure(words || "the program ended, and nobody says how", code, reason) };
}

/** Browsers do not tell why a connection was not made; a plain question is refused in words. */
async function refusal(server: Server, path: string): Promise<Failure> {
  try {
    await server.text(path);
  } catch (error) {
    const failure = asFailure(error);
    if (failure.code !== NOT_UPGRADED) return failure;
  }
  return new Failure("the connection to the container was not made");
}
