/** A gRPC call that failed: the code by its name and number, and the server's own message. */
export const GRPC_CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

export type GrpcCode = (typeof GRPC_CODES)[number];

export class GrpcError extends Error {
  readonly code: GrpcCode;

  constructor(code: GrpcCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "GrpcError";
    this.code = code;
  }

  get number(): number {
    return GRPC_CODES.indexOf(this.code);
  }
}

export const isGrpcError = (error: unknown, ...codes: GrpcCode[]): error is GrpcError =>
  error instanceof GrpcError && (codes.length === 0 || codes.includes(error.code));

/** What grpc-js throws or emits, as a GrpcError; anything else is UNKNOWN. */
export function grpcError(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error;
  const { code, details, message } = error as { code?: unknown; details?: unknown; message?: unknown };
  const name = (typeof code === "number" ? GRPC_CODES[code] : undefined) ?? "UNKNOWN";
  return new GrpcError(name, String(details || message || error), { cause: error });
}
