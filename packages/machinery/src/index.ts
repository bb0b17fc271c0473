export * from "./clock.ts";
export * from "./field-error.ts";
export * from "./logger.ts";
export * from "./random.ts";
export * from "./status-error.ts";
export * from "./virtual-clock.ts";
