export * from "./follow.ts";
export * from "./run-ingress.ts";
export * from "./status-controller.ts";
