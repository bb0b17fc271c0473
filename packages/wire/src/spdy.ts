/** SPDY/3.1, for clients and runtimes that run commands and forward ports over it. */
export * from "./spdy/session.ts";
export * from "./spdy/upgrade.ts";
export * from "./streams/refused.ts";
export * from "./streams/session.ts";
