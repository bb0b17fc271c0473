/**
 * A file of lines that is set aside when it has grown large enough; old ones go by age and number. Lines are written as they come, so a process
 * that is killed loses none of those that were told.
 */
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import type { Clock } from "@kubets/machinery";

interface RotationOptions {
  readonly maxBytes: number;
  /** 0 keeps them whatever their age, and however many there are. */
  readonly maxAgeMs: number;
  readonly maxBackups: number;
}

const STDOUT = 1;

export class LogFile {
  readonly #path: string;
  readonly #options: RotationOptions;
  readonly #clock: Clock;
  #fd: number;
  #size = 0;

  /** "-" writes to standard output, which is never set aside. */
  constructor(path: string, options: RotationOptions, clock: Clock) {
    this.#path = path;
    this.#options = options;
    this.#clock = clock;
    this.#fd = this.#open();
  }

  /** Throws when the file cannot be written. */
  write(lines: string): void {
    const bytes = Buffer.from(lines);
    if (this.#path !== "-" && this.#size > 0 && this.#size + bytes.length > this.#options.maxBytes) this.#setAside();
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    this.#size += bytes.length;
  }

  close(): void {
    if (this.#path !== "-") closeSync(this.#fd);
  }

  #open(): number {
    if (this.#path === "-") return STDOUT;
    mkdirSync(dirname(this.#path), { recursive: true });
    const fd = openSync(this.#path, "a", 0o600);
    this.#size = fstatSync(fd).size;
    return fd;
  }

  #setAside(): void {
    closeSync(this.#fd);
    const stamp = new Date(this.#clock.now()).toISOString().replaceAll(":", "-").replace("Z", "");
    const extension = extname(this.#path);
    renameSync(this.#path, `${this.#path.slice(0, this.#path.length - extension.length)}-${stamp}${extension}`);
    this.#fd = this.#open();
    this.#tidy();
  }

  #tidy(): void {
    const folder = dirname(this.#path);
    const { maxBackups, maxAgeMs } = this.#options;
    const old = backupsOf(basename(this.#path), readdirSync(folder));
    const tooOld = maxAgeMs ? this.#clock.now() - maxAgeMs : Number.NEGATIVE_INFINITY;
    for (const [i, { name, at }] of old.entries())
      if ((maxBackups && i >= maxBackups) || at < tooOld) rmSync(join(folder, name), { force: true });
  }
}

/** Those that were set aside of a file, the newest first. */
function backupsOf(file: string, names: readonly string[]): { name: string; at: number }[] {
  const extension = extname(file);
  const prefix = `${file.slice(0, file.length - extension.length)}-`;
  return names
    .filter((name) => name.startsWith(prefix) && name.endsWith(extension))
    .map((name) => {
      const stamp = name.slice(prefix.length, name.length - extension.length);
      return { name, at: Date.parse(`${stamp.replace(/T(\d\d)-(\d\d)-/, "T$1:$2:")}Z`) };
    })
    .filter(({ at }) => !Number.isNaN(at))
    .sort((a, b) => b.at - a.at);
}
