/**
 * A key management plugin (KMS v2) as a process: node kms-plugin.ts SOCKET KEYFILE. Its keys are lines of the file, the last one seals. It prints
 * `ready` when it serves.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { KeyManagementService } from "@kubets/apiserver/encryption/kms-messages";
import { GrpcError, grpcServer, serve } from "@kubets/wire/grpc";

const [socket = "", keyFile = ""] = process.argv.slice(2);

const keys = () =>
  readFileSync(keyFile, "utf8")
    .trim()
    .split("\n")
    .map((line) => ({
      id: createHash("sha256").update(line).digest("hex").slice(0, 12),
      key: Buffer.from(line, "base64"),
    }));

await grpcServer({
  listen: `unix://${socket}`,
  services: [
    serve(KeyManagementService, {
      status: () => ({ version: "v2", healthz: "ok", keyId: keys().at(-1)?.id ?? "" }),
      encrypt({ plaintext }) {
        const { id = "", key = Buffer.alloc(32) } = keys().at(-1) ?? {};
        const nonce = randomBytes(12);
        const cipher = createCipheriv("aes-256-gcm", key, nonce);
        const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
        return { ciphertext, keyId: id, annotations: { "nonce.example.com": nonce } };
      },
      decrypt({ ciphertext, keyId, annotations }) {
        const key = keys().find(({ id }) => id === keyId)?.key;
        if (!key) throw new GrpcError("NOT_FOUND", `no key ${keyId}`);
        const cipher = createDecipheriv("aes-256-gcm", key, annotations["nonce.example.com"] as Uint8Array);
        cipher.setAuthTag(ciphertext.subarray(-16));
        return { plaintext: Buffer.concat([cipher.update(ciphertext.subarray(0, -16)), cipher.final()]) };
      },
    }),
  ],
});
process.stdout.write("ready\n");
