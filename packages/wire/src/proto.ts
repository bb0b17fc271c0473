/** Protobuf: the table-driven codec, and the reader and writer under it. */
export { decode } from "./proto/decode.ts";
export { encode, type Init } from "./proto/encode.ts";
export { ProtoError, Reader, WIRE } from "./proto/reader.ts";
export { defineMessages, type Field, KIND, type MessageType } from "./proto/schema.ts";
export { type Method, method, type Service, type Streaming } from "./proto/service.ts";
export { Writer } from "./proto/writer.ts";
