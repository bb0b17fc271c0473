/** Asks a server for its health by gRPC (grpc.health.v1) over a connection that is there: one HTTP/2 request in plain text. */
import { connect, constants } from "node:http2";
import type { Duplex } from "node:stream";
import { formatDuration } from "@kubets/machinery/duration";
import { GRPC_CODES } from "@kubets/wire/grpc";
import { decode, defineMessages, encode, type MessageType } from "@kubets/wire/proto";

const type = defineMessages({ HealthCheckRequest: "service=1:string", HealthCheckResponse: "status=1:int32" });
const requestType = type("HealthCheckRequest") as MessageType<{ service: string }>;
const responseType = type("HealthCheckResponse") as MessageType<{ status: number }>;

const STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
/** The bytes before a message: whether it is compressed, and its length. */
const FRAME = 5;

interface HealthQuestion {
  readonly service: string;
  /** Of the server, as its name. */
  readonly address: string;
  readonly timeoutMs: number;
  readonly userAgent: string;
}

/** "SERVING", or what is wrong in the original's words. */
export function grpcHealth(socket: Duplex, question: HealthQuestion): Promise<string> {
  const { service, address, timeoutMs, userAgent } = question;
  return new Promise((resolve) => {
    const session = connect(`http://${address}`, { createConnection: () => socket });
    const late = `timeout: health rpc did not complete within ${formatDuration(timeoutMs)}`;
    const timer = setTimeout(() => done(late), timeoutMs);
    const done = (answer: string) => {
      clearTimeout(timer);
      session.destroy();
      resolve(answer);
    };
    const broken = ({ message }: Error) => done(failure("Unavailable", message));
    session.once("error", broken);
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      "user-agent": userAgent,
      te: "trailers",
    });
    const chunks: Buffer[] = [];
    let status = "2";
    let text = "";
    const take = (headers: Record<string, unknown>) => {
      status = String(headers["grpc-status"] ?? status);
      text = decodeURIComponent(String(headers["grpc-message"] ?? text));
    };
    stream.on("response", take);
    stream.on("trailers", take);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.once("error", broken);
    stream.once("end", () => done(verdictOf(GRPC_CODES[Number(status)] ?? "UNKNOWN", text, Buffer.concat(chunks))));
    stream.end(framed(encode(requestType, { service })));
  });
}

function verdictOf(code: (typeof GRPC_CODES)[number], text: string, body: Buffer): string {
  if (code === "UNIMPLEMENTED")
    return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${text}`;
  if (code !== "OK") return failure(goName(code), text);
  const { status } = decode(responseType, body.subarray(FRAME));
  const verdict = STATUSES[status] ?? String(status);
  return verdict === "SERVING" ? verdict : `service unhealthy (responded with "${verdict}")`;
}

const failure = (code: string, text: string): string =>
  `error: health rpc probe failed: rpc error: code = ${code} desc = ${text}`;

/** NOT_FOUND is NotFound in Go. */
const goName = (code: string): string =>
  code === "CANCELLED"
    ? "Canceled"
    : code
        .split("_")
        .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
        .join("");

function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(FRAME);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}
