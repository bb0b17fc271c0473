/** What people are told of an ingress in events: what of it has no effect, and why. */
import type { CompiledIngress } from "./compile.ts";

export interface Told {
  readonly reason: string;
  readonly message: string;
}

interface Lookup {
  hasService(key: string): boolean;
  hasSecret(key: string): boolean;
  certificateProblem(secret: string): string | undefined;
}

export function problemsOf(
  { problems, rules, defaultBackend, tls, settings }: CompiledIngress,
  lookup: Lookup,
): Told[] {
  const services = new Set(
    [...rules.map(({ backend }) => backend?.service), defaultBackend?.service].filter((key) => key !== undefined),
  );
  const secrets = new Set(tls.map(({ secret }) => secret).filter((key) => key !== ""));
  const { auth } = settings;
  return [
    ...problems,
    ...[...services]
      .filter((key) => !lookup.hasService(key))
      .map((key) => ({ reason: "ServiceNotFound", message: `the service ${key} is not there; its paths answer 503` })),
    ...[...secrets].flatMap((key) => {
      const problem = lookup.certificateProblem(key);
      return problem
        ? [
            {
              reason: "InvalidCertificate",
              message: `${problem}; a certificate of the controller's own is shown instead`,
            },
          ]
        : [];
    }),
    ...(auth && !lookup.hasSecret(auth.secret)
      ? [{ reason: "AuthSecretNotFound", message: `the secret ${auth.secret} is not there; nobody is let in` }]
      : []),
  ];
}
