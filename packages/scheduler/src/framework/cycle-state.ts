/**
 * What plugins remember for one pod during one cycle, under typed keys: `const key = stateKey<MyState>("MyPlugin")`, once for each
 * module. A key is a slot in an array, because filters read their state once for each node.
 */
export interface StateKey<T> {
  readonly name: string;
  readonly slot: number;
  /** Carries the type; never set. */
  readonly valueType?: T;
}

let slots = 0;

export const stateKey = <T>(name: string): StateKey<T> => ({ name, slot: slots++ });

export class CycleState {
  readonly #values: unknown[] = [];

  get<T>(key: StateKey<T>): T | undefined {
    return this.#values[key.slot] as T | undefined;
  }

  set<T>(key: StateKey<T>, value: T): void {
    this.#values[key.slot] = value;
  }
}
