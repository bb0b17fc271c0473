/**
 * Names made by the server from `metadata.generateName`.
 * Holds: a made name has at most 63 bytes; the base is cut, never the random end. It is one text, not two behind one another: V8 writes the JSON of an object
 * that holds a text in pieces several times slower, all of the object.
 */
import { nameSuffix, type Random } from "./random.ts";

const MAX_NAME = 63;
const SUFFIX = 5;

export const generateName = (random: Random, base: string): string =>
  [base.slice(0, MAX_NAME - SUFFIX), nameSuffix(random, SUFFIX)].join("");
