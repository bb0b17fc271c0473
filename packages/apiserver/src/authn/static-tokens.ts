/** Tokens of a file (--token-auth-file): lines of token,user,uid,"group1,group2". */
import type { Authenticator, User } from "./authenticator.ts";
import { withAuthenticated } from "./authenticator.ts";
import { bearerToken } from "./chain.ts";

export function staticTokenAuthenticator(users: ReadonlyMap<string, User>): Authenticator {
  return {
    name: "static token",
    authenticate(credentials) {
      const token = bearerToken(credentials);
      return token === undefined ? undefined : users.get(token);
    },
  };
}

/** Reads the file's text; an error names the line. */
export function parseTokenFile(text: string, file: string): Map<string, User> {
  const users = new Map<string, User>();
  text.split("\n").forEach((line, index) => {
    if (line.trim() === "") return;
    const fields = splitCsv(line);
    const [token, name, uid, groups] = fields;
    if (fields.length < 3 || !token || !name)
      throw new Error(`${file}:${index + 1}: expected token,user,uid and optionally "group1,group2"`);
    const list = groups
      ? groups
          .split(",")
          .map((g) => g.trim())
          .filter(Boolean)
      : [];
    users.set(token, withAuthenticated({ name, ...(uid && { uid }), groups: list }));
  });
  return users;
}

function splitCsv(line: string): string[] {
  return [...line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? "").trim() : quoted.replaceAll('""', '"'),
  );
}
