/**
 * The log of one container. While it is followed it goes on over broken connections, and when the container starts again; one that has not
 * started is asked for again when its pod changes. Holds: no line comes twice.
 */
import { PODS } from "../kind-names.ts";
import type { Failure } from "./failure.ts";
import { pathOf } from "./kinds.ts";
import { isLater, type LogLine, logLines } from "./log-lines.ts";
import { type SomePod, statusOf } from "./pods.ts";
import { queryText, type Server } from "./server.ts";

export interface LogQuestion {
  readonly container: string;
  readonly follow: boolean;
  /** Of the container that ran before this one. */
  readonly previous: boolean;
  /** How many lines at first; all without it. */
  readonly tail?: number;
}

export interface LogState {
  readonly phase: "reading" | "ended" | "refused" | "broken";
  readonly failure?: Failure;
}

export interface LogListener {
  onLines(lines: readonly LogLine[]): void;
  onState(state: LogState): void;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** By then a container's end is told of its pod. */
const TOLD_MS = 5000;

export class LogStream {
  readonly #server: Pick<Server, "pieces">;
  readonly #question: LogQuestion;
  readonly #listener: LogListener;
  #pod: SomePod;
  #phase: LogState["phase"] = "reading";
  /** Which one ran last. */
  #containerID: string | undefined;
  /** The time of the last line. */
  #last = "";
  #wait = FIRST_WAIT_MS;
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #end = () => {};

  constructor(server: Pick<Server, "pieces">, pod: SomePod, question: LogQuestion, listener: LogListener) {
    this.#server = server;
    this.#question = question;
    this.#listener = listener;
    this.#pod = pod;
    this.#containerID = statusOf(pod, question.container)?.containerID;
    this.#open();
  }

  /** The pod as it is now. */
  podIs(pod: SomePod): void {
    const { container } = this.#question;
    const [before, now] = [this.#pod, pod].map((each) => statusOf(each, container));
    this.#pod = pod;
    const isNext = Boolean(now?.containerID && !now.state.waiting && now.containerID !== this.#containerID);
    if (isNext) {
      this.#containerID = now?.containerID;
      if (this.#last && this.#goesOn)
        this.#listener.onLines([{ time: "", text: `--- ${container} started again ---` }]);
    }
    if (this.#phase === "refused" && JSON.stringify(before) !== JSON.stringify(now)) this.#open();
    if (this.#phase === "ended" && isNext && this.#goesOn) this.#open();
  }

  close(): void {
    clearTimeout(this.#waiting);
    this.#end();
  }

  get #goesOn(): boolean {
    return this.#question.follow && !this.#question.previous;
  }

  #open(): void {
    this.close();
    const { container, previous, tail } = this.#question;
    const opened = this.#containerID;
    const { namespace, name } = this.#pod.metadata;
    const since = this.#last;
    const query = queryText({
      container,
      follow: this.#goesOn,
      previous,
      timestamps: true,
      ...(since ? { sinceTime: since } : { tailLines: tail }),
    });
    const lines = logLines();
    /** Whether lines come that were told already. */
    let isKnown = since !== "";
    const tell = (read: readonly LogLine[]) => {
      let fresh = read;
      if (isKnown) {
        const first = read.findIndex(({ time }) => time && isLater(time, since));
        if (first < 0) return;
        isKnown = false;
        fresh = read.slice(first);
      }
      this.#last = fresh.findLast(({ time }) => time)?.time ?? this.#last;
      if (fresh.length > 0) this.#listener.onLines(fresh);
    };
    this.#is("reading");
    this.#end = this.#server.pieces(`${pathOf(PODS, namespace, name, "log")}${query}`, "*/*", {
      onText: (text) => {
        this.#wait = FIRST_WAIT_MS;
        tell(lines.take(text));
      },
      onEnd: (failure) => {
        // Of a line that was cut off the whole comes again.
        if (!failure) tell(lines.rest());
        this.#is(!failure ? "ended" : failure.code ? "refused" : "broken", failure);
        if (this.#phase === "broken") return this.#again();
        if (this.#phase === "refused" || !this.#goesOn) return;
        if (this.#containerID !== opened) this.#open();
        // That it ended is mostly not told of the pod yet.
        else if (statusOf(this.#pod, container)?.state.running) this.#again(TOLD_MS);
      },
    });
  }

  #again(atLeast = 0): void {
    this.#waiting = setTimeout(() => this.#open(), Math.max(this.#wait, atLeast));
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }

  #is(phase: LogState["phase"], failure?: Failure): void {
    this.#phase = phase;
    this.#listener.onState({ phase, failure });
  }
}
