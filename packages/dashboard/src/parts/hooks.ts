/** What pages and parts share: the way to the server, all kinds, what is followed, the time. */
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { asFailure, type Failure } from "../server/failure.ts";
import { type Followed, follow, nothingYet, type Question } from "../server/follow.ts";
import type { Form } from "../server/forms.ts";
import type { Kinds } from "../server/kinds.ts";
import type { Server } from "../server/server.ts";

export interface Cluster {
  readonly server: Server;
  readonly kinds: Kinds;
  /** Shows a line for some seconds; one of a failure stays until it is put away. */
  say(text: string, isFailure?: boolean): void;
}

const ClusterContext = createContext<Cluster | undefined>(undefined);
export const ClusterProvider = ClusterContext.Provider;

export function useCluster(): Cluster {
  const cluster = useContext(ClusterContext);
  if (!cluster) throw new Error("a part stands outside of the page");
  return cluster;
}

/** Up to date for as long as the part is shown; without a question nothing is asked. */
export function useFollowed<T>(question: Question | undefined, form: Form<T>): Followed<T> {
  const { server } = useCluster();
  const [now, setNow] = useState<Followed<T>>(nothingYet);
  const key = JSON.stringify(question);
  useEffect(() => {
    setNow(nothingYet);
    return question && follow(server, question, form, setNow);
  }, [server, key, form.accept]);
  return now;
}

export interface Loaded<T> {
  readonly value?: T;
  readonly failure?: Failure;
}

/** What is asked for once, and again whenever the key changes. */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [now, setNow] = useState<Loaded<T>>({});
  useEffect(() => {
    const stop = new AbortController();
    setNow({});
    load(stop.signal).then(
      (value) => !stop.signal.aborted && setNow({ value }),
      (error: unknown) => !stop.signal.aborted && setNow({ failure: asFailure(error) }),
    );
    return () => stop.abort();
  }, [key]);
  return now;
}

const TICK_MS = 1000;

/** The time, told anew every second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** Does something that may fail, and says so where it did. */
export function useTry(): (what: () => Promise<string | undefined>) => Promise<boolean> {
  const { say } = useCluster();
  return async (what) => {
    try {
      const done = await what();
      if (done) say(done);
      return true;
    } catch (error) {
      say(asFailure(error).message, true);
      return false;
    }
  };
}
