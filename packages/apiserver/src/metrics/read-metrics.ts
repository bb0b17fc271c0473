/**
 * What the server tells of its reads of many objects, by the original's names: whence lists came and what they cost, and how long reads waited for memory to be
 * as new as they ask for.
 */
import type { GroupResource } from "@kubets/machinery";
import type { Counter, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";

const WAIT_SECONDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3];
/** Lists go over all objects, or those of a namespace: no other index is kept. */
const NO_INDEX = "";

export class ReadMetrics {
  readonly #families: ReturnType<typeof families>;

  constructor(registry: MetricsRegistry) {
    this.#families = families(registry);
  }

  /** Of one resource; kept by its store. */
  of({ group, resource }: GroupResource): ReadMeter {
    return new ReadMeter(this.#families, group, resource);
  }
}

/** Looks each of its counters up once, when there is something to count. */
export class ReadMeter {
  readonly #families: ReturnType<typeof families>;
  readonly #group: string;
  readonly #resource: string;
  #memory: { lists: Counter; fetched: Counter; returned: Counter } | undefined;
  #consistent: Counter | undefined;
  #waits: Histogram | undefined;

  constructor(all: ReturnType<typeof families>, group: string, resource: string) {
    this.#families = all;
    this.#group = group;
    this.#resource = resource;
  }

  /** A list from memory: how many objects were looked at, and how many of them it shows. */
  listed(fetched: number, returned: number): void {
    const memory = (this.#memory ??= this.#ofMemory());
    memory.lists.value++;
    memory.fetched.value += fetched;
    memory.returned.value += returned;
  }

  /** A list of the past, which storage keeps. */
  listedPast(fetched: number, evaluated: number, returned: number): void {
    const { past, pastFetched, pastEvaluated, pastReturned } = this.#families;
    past.values(this.#group, this.#resource).inc();
    pastFetched.values(this.#group, this.#resource).inc(fetched);
    pastEvaluated.values(this.#group, this.#resource).inc(evaluated);
    pastReturned.values(this.#group, this.#resource).inc(returned);
  }

  /** A list that is to be as new as storage. It always comes from memory, or not at all. */
  consistent(isDone: boolean): void {
    if (isDone) (this.#consistent ??= this.#ofConsistent("true")).value++;
    else this.#ofConsistent("false").inc();
  }

  waited(seconds: number): void {
    (this.#waits ??= this.#families.waits.values(this.#group, this.#resource)).observe(seconds);
  }

  #ofMemory() {
    const { lists, fetched, returned } = this.#families;
    return {
      lists: lists.values(this.#group, NO_INDEX, this.#resource),
      fetched: fetched.values(this.#group, NO_INDEX, this.#resource),
      returned: returned.values(this.#group, this.#resource),
    };
  }

  #ofConsistent(success: string): Counter {
    return this.#families.consistent.values("false", this.#group, this.#resource, success);
  }
}

function families(registry: MetricsRegistry) {
  const counter = (name: string, help: string, labels = ["group", "resource"]) =>
    registry.counter({ name: `apiserver_${name}`, help, labels });
  const indexed = ["group", "index", "resource"];
  return {
    lists: counter("cache_list_total", "Lists that came from memory.", indexed),
    fetched: counter("cache_list_fetched_objects_total", "Objects that lists from memory looked at.", indexed),
    returned: counter("cache_list_returned_objects_total", "Objects that lists from memory showed."),
    past: counter("storage_list_total", "Lists that came from storage."),
    pastFetched: counter("storage_list_fetched_objects_total", "Objects that were read from storage for lists."),
    pastEvaluated: counter("storage_list_evaluated_objects_total", "Objects of storage that lists looked at."),
    pastReturned: counter("storage_list_returned_objects_total", "Objects that lists from storage showed."),
    consistent: counter("watch_cache_consistent_read_total", "Lists from memory that were to be as new as storage.", [
      "fallback",
      "group",
      "resource",
      "success",
    ]),
    waits: registry.histogram({
      name: "apiserver_watch_cache_read_wait_seconds",
      help: "How long reads waited for memory to be as new as they ask for, in seconds.",
      labels: ["group", "resource"],
      buckets: WAIT_SECONDS,
    }),
  };
}
