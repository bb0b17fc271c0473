/** Asks a server for its health by gRPC (grpc.health.v1) over a connection that is there: one HTTP/2 request in plain text. */
import { connect, constants } from "node:http2";
import type { Duplex } from "node:stream";

const STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** "SERVING", or what is wrong in the original's words. */
export function grpcHealth(socket: Duplex, service: string, address: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const session = connect(`http://${address}`, { createConnection: () => socket });
    const name = Buffer.from(service);
    const message = name.length > 0 ? Buffer.concat([Buffer.of(0x0a, name.length), name]) : Buffer.alloc(0);
    const timer = setTimeout(() => done("timeout: health rpc did not complete"), timeoutMs);
    const done = (answer: string) => {
      clearTimeout(timer);
      session.destroy();
      resolve(answer);
    };
    session.once("error", (error) => done(`error: health rpc failed: ${error.message}`));
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const chunks: Buffer[] = [];
    let status = "";
    let text = "";
    const take = (headers: Record<string, unknown>) => {
      status = String(headers["grpc-status"] ?? status);
      text = String(headers["grpc-message"] ?? text);
    };
    stream.on("response", take);
    stream.on("trailers", take);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.once("error", (error) => done(`error: health rpc failed: ${error.message}`));
    stream.once("end", () => {
      if (status === "12")
        done("error: this server does not implement the grpc health protocol (grpc.health.v1.Health)");
      else if (status !== "0")
        done(`error: health rpc failed: rpc error: code = ${status} desc = ${decodeURIComponent(text)}`);
      else {
        const verdict = STATUSES[servingStatus(Buffer.concat(chunks))] ?? "UNKNOWN";
        done(verdict === "SERVING" ? verdict : `service unhealthy (responded with "${verdict}")`);
      }
    });
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([frame, message]));
  });
}

/** Field 1 of HealthCheckResponse, after the five bytes of gRPC's frame. */
const servingStatus = (body: Buffer): number => (body[5] === 0x08 ? (body[6] ?? 0) : 0);
