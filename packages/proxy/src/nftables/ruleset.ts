/**
 * What stands in the kernel's tables, as far as virtual ports are concerned, and the commands that bring it to what is wanted.
 * Holds: the commands name only what differs; an element that several virtual ports want stays until the last of them goes, and says
 * what the first of them wants.
 */
import { each, inTurns } from "@kubets/machinery/turns";
import type { VirtualPort } from "../plan.ts";
import type { BaseOptions } from "./base.ts";
import { type NftFamily, TABLE } from "./names.ts";
import { type Rendered, render } from "./render.ts";

/** More elements in one command would make nft slow. */
const ELEMENTS_IN_COMMAND = 500;

interface ElementState {
  readonly family: NftFamily;
  readonly map: string;
  readonly key: string;
  /** Values by the id of who wants it, the first first. */
  readonly wanted: Map<string, string | undefined>;
}

/** Commands by stage: what is named is made before, and what names is unmade before. Many are read, not held, as text. */
class Commands implements Iterable<string> {
  readonly declare: string[] = [];
  readonly rules: string[] = [];
  readonly takeOut = new Map<string, string[]>();
  readonly putIn = new Map<string, string[]>();
  readonly unmake: string[] = [];

  get isEmpty(): boolean {
    return this[Symbol.iterator]().next().done === true;
  }

  *[Symbol.iterator](): Generator<string> {
    yield* this.declare;
    yield* this.rules;
    yield* elementCommands("delete", this.takeOut);
    yield* elementCommands("add", this.putIn);
    yield* this.unmake;
  }
}

function* elementCommands(verb: string, elements: ReadonlyMap<string, readonly string[]>): Generator<string> {
  for (const [map, items] of elements)
    for (let i = 0; i < items.length; i += ELEMENTS_IN_COMMAND)
      yield `${verb} element ${map} { ${items.slice(i, i + ELEMENTS_IN_COMMAND).join(", ")} }`;
}

/** An element, and what the kernel had there before. */
type Touched = [ElementState, string | undefined];

const NOTHING: Omit<Rendered, "family"> = { chains: new Map(), sets: new Map(), elements: [] };

export class Ruleset {
  readonly #options: BaseOptions;
  readonly #rendered = new Map<string, Rendered>();
  readonly #elements = new Map<string, ElementState>();

  constructor(options: BaseOptions) {
    this.#options = options;
  }

  /** The sets that remember which clients were where. */
  sets(family: NftFamily): Set<string> {
    const all = [...this.#rendered.values()].filter((rendered) => rendered.family === family);
    return new Set(all.flatMap(({ sets }) => [...sets.keys()]));
  }

  /** The commands of a change; the ruleset counts on their being carried out. Many services take many turns. */
  async change(put: readonly VirtualPort[], remove: Iterable<string>): Promise<Commands> {
    const commands = new Commands();
    const before = new Map<ElementState, string | undefined>();
    for (const id of remove) {
      const old = this.#rendered.get(id);
      if (old) this.#move(id, old, { family: old.family, ...NOTHING }, commands, before);
      this.#rendered.delete(id);
    }
    await inTurns(() =>
      each(put.length, (i) => {
        const port = put[i] as VirtualPort;
        const wanted = render(port, this.#options);
        const old = this.#rendered.get(port.id) ?? { family: wanted.family, ...NOTHING };
        this.#move(port.id, old, wanted, commands, before);
        this.#rendered.set(port.id, wanted);
      }),
    );
    const touched = [...before];
    await inTurns(() => each(touched.length, (i) => this.#moveElement(...(touched[i] as Touched), commands)));
    return commands;
  }

  #move(
    id: string,
    old: Rendered,
    wanted: Rendered,
    commands: Commands,
    before: Map<ElementState, string | undefined>,
  ): void {
    const table = `${wanted.family} ${TABLE}`;
    for (const [name, declaration] of wanted.sets)
      if (!old.sets.has(name)) commands.declare.push(`add set ${table} ${name} ${declaration}`);
    for (const [name, rules] of wanted.chains) moveChain(table, name, old.chains.get(name), rules, commands);
    const gone = [...old.chains.keys()].filter((name) => !wanted.chains.has(name));
    for (const name of gone) commands.unmake.push(`flush chain ${table} ${name}`);
    for (const name of gone.reverse()) commands.unmake.push(`delete chain ${table} ${name}`);
    for (const name of old.sets.keys()) if (!wanted.sets.has(name)) commands.unmake.push(`delete set ${table} ${name}`);
    this.#moveElements(id, old, wanted, before);
  }

  #moveElements(id: string, old: Rendered, wanted: Rendered, before: Map<ElementState, string | undefined>): void {
    const touch = (map: string, key: string) => {
      const full = `${wanted.family} ${map} ${key}`;
      const state = this.#elements.get(full) ?? { family: wanted.family, map, key, wanted: new Map() };
      this.#elements.set(full, state);
      if (!before.has(state)) before.set(state, valueOf(state));
      return state;
    };
    const stay = new Set(wanted.elements.map(({ map, key }) => `${map} ${key}`));
    for (const { map, key } of old.elements) if (!stay.has(`${map} ${key}`)) touch(map, key).wanted.delete(id);
    for (const { map, key, value } of wanted.elements) touch(map, key).wanted.set(id, value);
  }

  #moveElement(element: ElementState, before: string | undefined, commands: Commands): void {
    const { family, map, key, wanted } = element;
    const after = valueOf(element);
    if (wanted.size === 0) this.#elements.delete(`${family} ${map} ${key}`);
    if (before === after) return;
    const into = (elements: Map<string, string[]>, text: string) => {
      const name = `${family} ${TABLE} ${map}`;
      const list = elements.get(name) ?? [];
      elements.set(name, list);
      list.push(text);
    };
    if (before !== undefined) into(commands.takeOut, before ? `${key} : ${before}` : key);
    if (after !== undefined) into(commands.putIn, after ? `${key} : ${after}` : key);
  }
}

/** What stands in the kernel: the verdict, "" in a set, undefined when the element is not there. */
function valueOf({ wanted }: ElementState): string | undefined {
  for (const value of wanted.values()) return value ?? "";
  return undefined;
}

function moveChain(
  table: string,
  name: string,
  old: readonly string[] | undefined,
  rules: readonly string[],
  commands: Commands,
): void {
  if (old && old.length === rules.length && old.every((rule, i) => rule === rules[i])) return;
  if (old) commands.rules.push(`flush chain ${table} ${name}`);
  else commands.declare.push(`add chain ${table} ${name}`);
  for (const rule of rules) commands.rules.push(`add rule ${table} ${name} ${rule}`);
}
