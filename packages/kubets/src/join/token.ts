/** Bootstrap tokens: how a person makes them, and the Secrets that they are. */
import { randomInt } from "node:crypto";
import type { Secret } from "@kubets/api/generated/types/core-v1";
import type { Input } from "@kubets/api/meta";
import { TOKEN_NAMESPACE, TOKEN_TYPE, tokenSecretName } from "@kubets/controllers/bootstrap-tokens/token";
import { formatTime } from "@kubets/machinery";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";

export interface BootstrapToken {
  readonly id: string;
  readonly secret: string;
}

export const NODE_TOKEN_GROUP = "system:bootstrappers:kubeadm:default-node-token";
export const SERVER_TOKEN_GROUP = "system:bootstrappers:kubets:server";

const FORM = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

export function parseToken(text: string): BootstrapToken {
  const [, id, secret] = FORM.exec(text) ?? [];
  if (!id || !secret)
    throw new ExitError(
      exitCode.usage,
      "what was given is no token: one has the form abcdef.0123456789abcdef; `kubets token create` makes one",
    );
  return { id, secret };
}

export const newToken = (): BootstrapToken => ({ id: letters(6), secret: letters(16) });

const letters = (count: number): string =>
  Array.from({ length: count }, () => LETTERS[randomInt(LETTERS.length)]).join("");

interface TokenSecretOptions {
  /** Milliseconds since 1970; never, when absent. */
  readonly expires?: number | undefined;
  readonly groups: readonly string[];
  readonly description?: string;
}

export function tokenSecret(
  { id, secret }: BootstrapToken,
  { expires, groups, description }: TokenSecretOptions,
): Input<Secret> {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: tokenSecretName(id), namespace: TOKEN_NAMESPACE },
    type: TOKEN_TYPE,
    stringData: {
      "token-id": id,
      "token-secret": secret,
      "usage-bootstrap-authentication": "true",
      "usage-bootstrap-signing": "true",
      "auth-extra-groups": groups.join(","),
      ...(description && { description }),
      ...(expires !== undefined && { expiration: formatTime(expires) }),
    },
  };
}
