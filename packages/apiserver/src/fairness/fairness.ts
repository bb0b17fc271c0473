/**
 * Priority and fairness: sorts each request into a flow of a priority level, and lets it in when the level has seats for it, so that no client
 * can take the server from the others. Configured by the FlowSchemas and PriorityLevelConfigurations of the cluster, as they change.
 */
import { flowschemas, prioritylevelconfigurations } from "@kubets/api/generated/refs";
import type { FlowSchema, PriorityLevelConfiguration } from "@kubets/api/generated/types/flowcontrol-v1";
import type { Clock, Timer } from "@kubets/machinery";
import type { User } from "../authn/authenticator.ts";
import type { RequestInfo } from "../request-info.ts";
import type { ServedResources } from "../served-resource.ts";
import { follow } from "../store/follow.ts";
import { currentLimits, type Demand, type SeatLimits, type Shares, seatLimits } from "./concurrency.ts";
import type { Ticket } from "./fair-queues.ts";
import { byPrecedence, type CompiledSchema, compileSchema } from "./flow-schema.ts";
import { LoopTurns } from "./loop-turns.ts";
import type { FairnessMetrics } from "./metrics.ts";
import { type Later, type LevelParts, PriorityLevel } from "./priority-level.ts";
import { seatsFor } from "./width.ts";

interface FairnessOptions {
  readonly served: ServedResources;
  readonly clock: Clock;
  /** All that may be worked on at once. */
  readonly seats: number;
  readonly longestWaitMs: number;
  readonly metrics?: FairnessMetrics;
}

/** What a request was sorted into. */
interface Place {
  readonly schema: CompiledSchema;
  readonly level: PriorityLevel;
  /** Tell the client what it was sorted into. */
  readonly headers: readonly string[];
  readonly ticket: Ticket;
}

/** Where a request goes when nothing sorts it: only before the objects of a fresh server are there. */
const UNSORTED: CompiledSchema = { name: "", uid: "", level: "", matches: () => true, flowOf: () => "" };
type Sorted = Omit<Place, "ticket">;
const ADJUST_MS = 10_000;

export class Fairness {
  readonly levels = new Map<string, PriorityLevel>();
  readonly turns: LoopTurns;
  readonly #options: FairnessOptions;
  readonly #levelParts: LevelParts;
  readonly #schemas = new Map<string, FlowSchema>();
  readonly #configurations = new Map<string, PriorityLevelConfiguration>();
  #sorted: readonly Sorted[] = [];
  #stale = true;
  #adjusting: Timer | undefined;
  readonly #unsorted: Sorted;

  constructor(options: FairnessOptions) {
    this.#options = options;
    const { clock, longestWaitMs } = options;
    this.turns = new LoopTurns(clock);
    const parts = { clock, longestWaitMs, turns: this.turns };
    const { metrics } = options;
    this.#levelParts = { ...parts, ...(metrics && { use: (name: string) => metrics.use(name, clock.monotonic()) }) };
    const level = new PriorityLevel("", parts);
    level.exempt = true;
    level.setLimit(0);
    this.#unsorted = { schema: UNSORTED, level, headers: [] };
    metrics?.watch(this.levels);
    follow(options.served, flowschemas, (key, now) => this.#set(this.#schemas, key, now));
    follow(options.served, prioritylevelconfigurations, (key, now) => this.#set(this.#configurations, key, now));
  }

  /** The state of its ticket says what becomes of the request; `level.leave(ticket)` ends it. */
  enter(info: RequestInfo, user: User, later: Later, waitsForTurn = true): Place {
    if (this.#stale) this.#configure();
    const { schema, level, headers } = this.#sorted.find((each) => each.schema.matches(info, user)) ?? this.#unsorted;
    const width = level.exempt ? 1 : seatsFor(info, this.#options.served, level.limits.nominal);
    if (!level.exempt) this.#adjustLater();
    const told = this.#options.metrics?.flow(level.name, schema.name, info.verb === "watch" ? "watch" : "regular");
    const ticket = level.enter(`${schema.name}\0${schema.flowOf(info, user)}`, width, later, { told, waitsForTurn });
    return { schema, level, headers, ticket };
  }

  #set<T>(into: Map<string, T>, key: string, now: T | undefined): void {
    if (now) into.set(key, now);
    else into.delete(key);
    this.#stale = true;
  }

  #configure(): void {
    this.#stale = false;
    const configurations = [...this.#configurations.values()];
    const limits = seatLimits(configurations.map(sharesOf), this.#options.seats);
    for (const [i, configuration] of configurations.entries()) {
      const { name } = configuration.metadata;
      let level = this.levels.get(name);
      if (!level) this.levels.set(name, (level = new PriorityLevel(name, this.#levelParts)));
      level.configure(configuration, limits[i] as SeatLimits);
    }
    for (const name of this.levels.keys()) if (!this.#configurations.has(name)) this.levels.delete(name);
    this.#sorted = [...this.#schemas.values()].sort(byPrecedence).flatMap((object) => {
      const schema = compileSchema(object);
      const level = this.levels.get(schema.level);
      const headers = [
        "x-kubernetes-pf-flowschema-uid",
        schema.uid,
        "x-kubernetes-pf-prioritylevel-uid",
        level?.uid ?? "",
      ];
      return level ? [{ schema, level, headers }] : [];
    });
  }

  /** Limits follow demand every ten seconds, for as long as there is any. */
  #adjustLater(): void {
    this.#adjusting ??= this.#options.clock.after(ADJUST_MS, () => {
      this.#adjusting = undefined;
      this.#adjust();
    });
  }

  stop(): void {
    this.#adjusting?.cancel();
  }

  #adjust(): void {
    const levels = [...this.levels.values()].filter(({ exempt }) => !exempt);
    const now = this.#options.clock.monotonic();
    const demands = levels.map(({ demand }) => demand.harvest(now));
    const { seats, fraction } = currentLimits(
      levels.map(({ limits }) => limits),
      demands,
      this.#options.seats,
    );
    for (const [i, level] of levels.entries()) {
      level.setLimit(seats[i] as number);
      this.#options.metrics?.demanded(level.name, demands[i] as Demand, seats[i] as number);
    }
    this.#options.metrics?.fairFraction.set(fraction);
    if (levels.some(({ demand }) => !demand.quiet)) this.#adjustLater();
  }
}

function sharesOf({ spec }: PriorityLevelConfiguration): Shares {
  const { limited, exempt } = spec;
  return {
    nominalConcurrencyShares: limited?.nominalConcurrencyShares ?? exempt?.nominalConcurrencyShares ?? 0,
    lendablePercent: limited?.lendablePercent ?? exempt?.lendablePercent ?? 0,
    borrowingLimitPercent: limited?.borrowingLimitPercent ?? undefined,
  };
}
