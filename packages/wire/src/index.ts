/**
 * What every part needs of the wire and what costs nothing to load. All else is imported by its own path, so that a
 * process pays only for what it speaks: `@kubets/wire/http`, `/transport`, `/grpc`, `/x509`, `/jwt`, `/websocket`, ...
 */
export { ProtoError } from "./proto/reader.ts";
