export * from "./client.ts";
export * from "./controller.ts";
export * from "./event-recorder.ts";
export * from "./informer.ts";
