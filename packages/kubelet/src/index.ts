export * from "./runtime/runtime.ts";
