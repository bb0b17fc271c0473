/** Puts a text in front of each line of a stream of bytes. */
export class LinePrefixer {
  readonly #prefix: string;
  #atStart = true;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  push(chunk: Buffer): Buffer {
    if (this.#prefix === "" || chunk.length === 0) return chunk;
    const parts: Buffer[] = [];
    const prefix = Buffer.from(this.#prefix);
    for (let from = 0; from < chunk.length; ) {
      const end = chunk.indexOf(10, from);
      const to = end < 0 ? chunk.length : end + 1;
      if (this.#atStart) parts.push(prefix);
      parts.push(chunk.subarray(from, to));
      this.#atStart = end >= 0;
      from = to;
    }
    return Buffer.concat(parts);
  }
}
