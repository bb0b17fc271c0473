/** gRPC client and server; @grpc/grpc-js is loaded with the first call, not with this module. */
export * from "./grpc/client.ts";
export * from "./grpc/error.ts";
export * from "./grpc/server.ts";
