/** Reads the logs of several pods into one buffer, as they come; tells at most some times a second that there is something new. */
import { isLater } from "../server/log-lines.ts";
import { type LogQuestion, type LogState, LogStream } from "../server/log-stream.ts";
import type { SomePod } from "../server/pod-containers.ts";
import type { Server } from "../server/server.ts";
import { LogBuffer, type ShownLine } from "./log-buffer.ts";

const GATHER_MS = 100;
/** So many connections are kept at most. */
export const MOST_PODS = 50;

export class LogReader {
  readonly buffer = new LogBuffer();
  /** By the pods' names. */
  readonly states = new Map<string, LogState>();
  readonly #server: Server;
  readonly #question: LogQuestion;
  readonly #changed: () => void;
  readonly #streams = new Map<string, LogStream>();
  #fresh: ShownLine[] = [];
  #gathering: ReturnType<typeof setTimeout> | undefined;

  constructor(server: Server, question: LogQuestion, changed: () => void) {
    this.#server = server;
    this.#question = question;
    this.#changed = changed;
  }

  podsAre(pods: readonly SomePod[]): void {
    const there = new Set(pods.map(({ metadata }) => metadata.uid ?? ""));
    for (const [uid, stream] of this.#streams)
      if (!there.has(uid)) {
        stream.close();
        this.#streams.delete(uid);
      }
    const names = new Set(pods.map(({ metadata }) => metadata.name ?? ""));
    for (const name of this.states.keys()) if (!names.has(name)) this.states.delete(name);
    for (const pod of pods.slice(0, MOST_PODS)) {
      const { uid = "", name = "" } = pod.metadata;
      const stream = this.#streams.get(uid);
      if (stream) stream.podIs(pod);
      else this.#streams.set(uid, this.#read(pod, name));
    }
  }

  close(): void {
    clearTimeout(this.#gathering);
    for (const stream of this.#streams.values()) stream.close();
  }

  #read(pod: SomePod, name: string): LogStream {
    return new LogStream(this.#server, pod, this.#question, {
      onLines: (lines) => {
        for (const { time, text } of lines) this.#fresh.push({ time, text, from: name });
        this.#soon();
      },
      onState: (state) => {
        this.states.set(name, state);
        this.#soon();
      },
    });
  }

  #soon(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      const fresh = this.#fresh;
      this.#fresh = [];
      this.buffer.add(this.#streams.size > 1 ? byTime(fresh) : fresh);
      this.#changed();
    }, GATHER_MS);
  }
}

/** What came together stands by its time; what has none stays behind what it followed. */
export function byTime(lines: readonly ShownLine[]): ShownLine[] {
  const times = new Map<string, string>();
  return lines
    .map((line) => {
      const at = line.time || (times.get(line.from) ?? "");
      times.set(line.from, at);
      return { line, at };
    })
    .toSorted((a, b) => (a.at === b.at ? 0 : isLater(a.at, b.at) ? 1 : -1))
    .map(({ line }) => line);
}
