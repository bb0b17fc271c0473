/**
 * Several lists as one, in order: for what is made on the way of every write, of lists that are mostly empty. Spreading them into a new
 * list steps through each with an iterator, and that costs more than the checks that fill them.
 */
export function joined<T>(...lists: readonly (readonly T[])[]): T[] {
  const all: T[] = [];
  for (let i = 0; i < lists.length; i++) {
    const list = lists[i] as readonly T[];
    for (let k = 0; k < list.length; k++) all.push(list[k] as T);
  }
  return all;
}
