export * from "./meta.ts";
export * from "./resource.ts";
export * from "./resource-ref.ts";
export * from "./schema.ts";
