/**
 * The command line of every program: flags declared as data, read as pflag reads them (`--watch=false`, `-ojson`,
 * `-o=json`, `--x y`, `-it`, `--`). Dashes and underscores in names are the same.
 * Holds: every value is checked when it is read; an error says which flag is wrong, why, and what would be right.
 */
import type { Flag } from "./flag-types.ts";
import { nearest } from "./nearest.ts";

export type { Flag } from "./flag-types.ts";
export {
  bool,
  choice,
  count,
  duration,
  file,
  int,
  list,
  map,
  number,
  quantity,
  text,
} from "./flag-types.ts";

export type FlagSet = Readonly<Record<string, Flag<unknown>>>;
export type FlagValues<F extends FlagSet> = { [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

export interface ParsedFlags<F extends FlagSet> {
  readonly values: FlagValues<F>;
  /** What is no flag. */
  readonly args: string[];
  /** How many of `args` stood before `--`; -1 if there was none. */
  readonly argsAtDash: number;
  /** The names of the flags that were given. */
  readonly given: ReadonlySet<string>;
  /** What to tell about deprecated flags that were given. */
  readonly warnings: readonly string[];
  /** `--help` or `-h` was given; required flags are then not looked for. */
  readonly help: boolean;
}

interface ParseFlagOptions {
  /** End at the first argument that is no flag, as a program does that starts another. */
  readonly stopAtArgument?: boolean;
}

export class FlagError extends Error {
  override readonly name = "FlagError";
}

/** Declares flags; throws at once if two share a name or a letter. */
export function defineFlags<const F extends FlagSet>(flags: F): F {
  new Names(flags);
  return flags;
}

export const parseFlags = <F extends FlagSet>(
  flags: F,
  argv: readonly string[],
  options: ParseFlagOptions = {},
): ParsedFlags<F> => new FlagReader(flags, argv, options).read() as ParsedFlags<F>;

const normalize = (name: string): string => name.replaceAll("_", "-");

/** Finds flags by name, alias and letter. */
class Names {
  readonly long = new Map<string, string>();
  readonly short = new Map<string, string>();

  constructor(flags: FlagSet) {
    for (const [name, flag] of Object.entries(flags)) {
      for (const each of [name, ...(flag.aliases ?? [])]) this.#put(this.long, normalize(each), name);
      if (flag.short) this.#put(this.short, flag.short, name);
    }
  }

  #put(into: Map<string, string>, key: string, name: string): void {
    const other = into.get(key);
    if (other !== undefined) throw new FlagError(`the flags --${other} and --${name} share the name ${key}`);
    into.set(key, name);
  }
}

class FlagReader {
  readonly #flags: FlagSet;
  readonly #names: Names;
  readonly #rest: string[];
  readonly #options: ParseFlagOptions;
  readonly #values = new Map<string, unknown>();
  readonly #warnings: string[] = [];
  readonly #args: string[] = [];
  #argsAtDash = -1;
  #help = false;

  constructor(flags: FlagSet, argv: readonly string[], options: ParseFlagOptions) {
    this.#flags = flags;
    this.#names = new Names(flags);
    this.#rest = [...argv];
    this.#options = options;
  }

  read(): ParsedFlags<FlagSet> {
    for (let word = this.#rest.shift(); word !== undefined; word = this.#rest.shift()) {
      if (word === "--") {
        this.#argsAtDash = this.#args.length;
        this.#args.push(...this.#rest.splice(0));
      } else if (word.startsWith("--")) this.#long(word.slice(2));
      else if (word.startsWith("-") && word.length > 1) this.#short(word);
      else {
        this.#args.push(word);
        if (this.#options.stopAtArgument) this.#args.push(...this.#rest.splice(0));
      }
    }
    return {
      values: this.#result() as FlagValues<FlagSet>,
      args: this.#args,
      argsAtDash: this.#argsAtDash,
      given: new Set(this.#values.keys()),
      warnings: this.#warnings,
      help: this.#help,
    };
  }

  #result(): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const [name, flag] of Object.entries(this.#flags)) {
      if (flag.required && !this.#help && !this.#values.has(name)) {
        throw new FlagError(`required flag --${name} is not given: add --${name} ${flag.placeholder}`);
      }
      values[name] = this.#values.has(name) ? this.#values.get(name) : flag.default;
    }
    return values;
  }

  #long(word: string): void {
    const equals = word.indexOf("=");
    const written = equals < 0 ? word : word.slice(0, equals);
    if (written === "" || written.startsWith("-")) throw new FlagError(`bad flag syntax: --${word}`);
    const name = this.#names.long.get(normalize(written));
    if (name === undefined) {
      if (written === "help") {
        this.#help = true;
        return;
      }
      throw unknownFlag(`--${written}`, nearest(normalize(written), this.#visible()));
    }
    const flag = this.#flags[name] as Flag<unknown>;
    if (equals >= 0) this.#set(name, flag, word.slice(equals + 1));
    else if (flag.valueAlone !== undefined) this.#set(name, flag, flag.valueAlone);
    else this.#set(name, flag, this.#rest.shift() ?? this.#missing(`--${written}`, flag));
  }

  #visible(): string[] {
    return Object.entries(this.#flags).flatMap(([name, { hidden, deprecated, aliases = [] }]) =>
      hidden || deprecated ? [] : [name, ...aliases],
    );
  }

  /** Letters after one dash: each a flag, until one takes what follows as its value. */
  #short(word: string): void {
    for (let letters = word.slice(1); letters; ) {
      const letter = letters[0] as string;
      const name = this.#names.short.get(letter);
      letters = letters.slice(1);
      if (name === undefined) {
        if (letter !== "h") throw unknownFlag(`-${letter} in ${word}`, undefined);
        this.#help = true;
        continue;
      }
      const flag = this.#flags[name] as Flag<unknown>;
      if (letters.startsWith("=")) {
        this.#set(name, flag, letters.slice(1));
        return;
      }
      if (flag.valueAlone !== undefined) {
        this.#set(name, flag, flag.valueAlone);
        continue;
      }
      this.#set(name, flag, letters || (this.#rest.shift() ?? this.#missing(`'${letter}' in ${word}`, flag)));
      return;
    }
  }

  #missing(what: string, flag: Flag<unknown>): never {
    throw new FlagError(`flag needs an argument: ${what}: give it a ${flag.placeholder}`);
  }

  #set(name: string, flag: Flag<unknown>, value: string): void {
    try {
      this.#values.set(name, flag.parse(value, this.#values.get(name)));
    } catch (error) {
      const shown = flag.short ? `-${flag.short}, --${name}` : `--${name}`;
      throw new FlagError(`invalid argument ${JSON.stringify(value)} for "${shown}" flag: ${(error as Error).message}`);
    }
    if (flag.deprecated) this.#warnings.push(`Flag --${name} has been deprecated, ${flag.deprecated}`);
  }
}

function unknownFlag(flag: string, meant: string | undefined): FlagError {
  return new FlagError(`unknown flag: ${flag}${meant === undefined ? "" : `: did you mean --${meant}?`}`);
}
