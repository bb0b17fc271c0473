/** Media types and the choice among them. */
export * from "./media/media-type.ts";
export * from "./media/negotiate.ts";
