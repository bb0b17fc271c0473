/** The flags of authentication by somebody else: an OpenID Connect issuer, a token webhook, a file that configures several. */
import { duration, file, list, text } from "@kubets/machinery/flags";

const group = "Authentication";

export const authenticationFlags = {
  "authentication-config": file({
    help: "Issuers of tokens and who may be anonymous: a file of kind AuthenticationConfiguration, taken up again when it changes.",
    group,
  }),
  "oidc-issuer-url": text({ placeholder: "URL", help: "The OpenID Connect issuer whose tokens are taken.", group }),
  "oidc-client-id": text({ placeholder: "ID", help: "Whom the issuer's tokens must be for.", group }),
  "oidc-ca-file": file({ help: "The authorities that the issuer's certificate is checked by.", group }),
  "oidc-username-claim": text({ default: "sub", help: "The claim that is the user's name.", group }),
  "oidc-username-prefix": text({ help: "What stands before the names of the issuer's users; - for nothing.", group }),
  "oidc-groups-claim": text({ help: "The claim that holds the user's groups.", group }),
  "oidc-groups-prefix": text({ help: "What stands before the names of the issuer's groups.", group }),
  "oidc-signing-algs": list({ default: ["RS256"], help: "The algorithms that tokens may be signed with.", group }),
  "oidc-required-claim": list({ placeholder: "CLAIM=VALUE", help: "Claims that a token must have.", group }),
  "authentication-token-webhook-config-file": file({
    help: "A kubeconfig for the server that is asked about tokens.",
    group,
  }),
  "authentication-token-webhook-cache-ttl": duration({ default: 120_000, help: "How long its answers hold.", group }),
  "authentication-token-webhook-version": text({
    default: "v1beta1",
    help: "The version of TokenReview to send.",
    group,
  }),
} as const;
