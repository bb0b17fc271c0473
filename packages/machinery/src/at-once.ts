/** Works off many things a few at a time: as one is done the next is begun. Rejects with the first failure, while the others go on. */
export async function atOnce<T>(limit: number, items: Iterable<T>, run: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const work = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await run(next.value);
  };
  await Promise.all(Array.from({ length: limit }, work));
}
