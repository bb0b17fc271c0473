/** Media types, the choice among them, and compression. */
export * from "./media/gzip.ts";
export * from "./media/media-type.ts";
export * from "./media/negotiate.ts";
