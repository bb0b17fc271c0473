/** What a kubeconfig holds: the fields of each entry in the order in which the original shows them, and their types. */
export type Section = "clusters" | "contexts" | "users";
export type FieldType = "text" | "bool" | "bytes" | "other";

/** What an entry of a section is called within it. */
export const ENTRY = { clusters: "cluster", contexts: "context", users: "user" } as const;

export const FIELDS: Readonly<Record<Section, Readonly<Record<string, FieldType>>>> = {
  clusters: {
    server: "text",
    "tls-server-name": "text",
    "insecure-skip-tls-verify": "bool",
    "certificate-authority": "text",
    "certificate-authority-data": "bytes",
    "proxy-url": "text",
    "disable-compression": "bool",
    extensions: "other",
  },
  users: {
    "client-certificate": "text",
    "client-certificate-data": "bytes",
    "client-key": "text",
    "client-key-data": "bytes",
    token: "text",
    tokenFile: "text",
    as: "text",
    "as-uid": "text",
    "as-groups": "other",
    "as-user-extra": "other",
    username: "text",
    password: "text",
    "auth-provider": "other",
    exec: "other",
    extensions: "other",
  },
  contexts: { cluster: "text", user: "text", namespace: "text", extensions: "other" },
};

/** Written even when empty. */
export const ALWAYS: Readonly<Record<Section, readonly string[]>> = {
  clusters: ["server"],
  users: [],
  contexts: ["cluster", "user"],
};

/** What `config view` blots out. */
export const SECRET: readonly string[] = [
  "certificate-authority-data",
  "client-certificate-data",
  "client-key-data",
  "password",
  "token",
];
