/**
 * Names made by the server from `metadata.generateName`.
 * Holds: a made name has at most 63 bytes; the base is cut, never the random end.
 */
import { nameSuffix, type Random } from "./random.ts";

const MAX_NAME = 63;
const SUFFIX = 5;

export const generateName = (random: Random, base: string): string =>
  base.slice(0, MAX_NAME - SUFFIX) + nameSuffix(random, SUFFIX);
