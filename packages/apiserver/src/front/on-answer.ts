/**
 * Tells of an answer where it begins, whoever was to be told before first.
 * Holds: no function is written right behind the `=` of a field. V8 takes such a one for long-lived and makes it in the old generation, where it keeps all that
 * it sees, the whole request, until all of the heap is collected: collections of new objects, which would cost next to nothing, then copy every request twice.
 */
import type { Exchange } from "@kubets/wire/http";

type Told = NonNullable<Exchange["onAnswer"]>;

export function onAnswer(exchange: Pick<Exchange, "onAnswer">, told: Told): void {
  const before = exchange.onAnswer;
  const both: Told = (status, size) => {
    before?.(status, size);
    told(status, size);
  };
  exchange.onAnswer = before ? both : told;
}
