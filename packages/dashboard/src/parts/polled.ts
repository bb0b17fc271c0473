/** What cannot be watched, asked for again and again for as long as it is shown. */
import { useEffect, useState } from "preact/hooks";
import { useCluster } from "./hooks.ts";

const EVERY_MS = 15_000;

/** The last answer; undefined before the first one, and without a key. An answer that fails says nothing: the last one stays. */
export function usePolled<T>(key: string | undefined, load: (signal: AbortSignal) => Promise<T>): T | undefined {
  const [value, setValue] = useState<T>();
  useEffect(() => {
    setValue(undefined);
    if (!key) return undefined;
    const stop = new AbortController();
    const ask = () =>
      load(stop.signal).then(
        (answer) => !stop.signal.aborted && setValue(answer),
        () => undefined,
      );
    void ask();
    const timer = setInterval(() => void ask(), EVERY_MS);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [key]);
  return value;
}

type Usage = Readonly<Record<string, string>>;

export interface NodeMetrics {
  readonly metadata: { readonly name: string };
  readonly usage: Usage;
}

export interface PodMetrics {
  readonly containers: readonly { readonly name: string; readonly usage: Usage }[];
}

/** What is used, where the server serves metrics at all; asked for below their path. */
export function useMetrics<T>(path: string): T | undefined {
  const { server, kinds } = useCluster();
  const kind = kinds.named({ group: "metrics.k8s.io", resource: "nodes" });
  const asked = kind && `/apis/metrics.k8s.io/${kind.version}${path}`;
  return usePolled(asked, (signal) => server.json<T>(asked ?? "", { signal }));
}
