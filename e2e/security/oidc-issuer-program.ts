/** An OpenID Connect issuer as a process. It tells its address and authority, and for each line of claims the token that says so. */
import { createInterface } from "node:readline";
import { startOidcIssuer } from "@kubets/apiserver/testing/oidc-issuer";

export type IssuerLine = { readonly url: string; readonly ca: string } & { readonly token: string };

const issuer = await startOidcIssuer();
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
tell({ url: issuer.url, ca: issuer.ca });
for await (const line of createInterface({ input: process.stdin }))
  tell({ token: issuer.token(JSON.parse(line) as object) });
