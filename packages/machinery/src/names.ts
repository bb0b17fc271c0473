/**
 * The forms of names: labels, subdomains, qualified names, ports, keys. Each check gives the list of what is wrong,
 * in the original's words and order; an empty list means that the value is right.
 * Lengths are counted in bytes of UTF-8, though some messages say characters.
 */
export type NameCheck = (value: string) => string[];

const ALNUM = "[a-z0-9]";
const LABEL_FORM = `${ALNUM}([-a-z0-9]*${ALNUM})?`;
const SUBDOMAIN_FORM = `${LABEL_FORM}(\\.${LABEL_FORM})*`;
const UNDERSCORE_LABEL_FORM = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const UNDERSCORE_SUBDOMAIN_FORM = `${UNDERSCORE_LABEL_FORM}(\\.${UNDERSCORE_LABEL_FORM})*`;
const LABEL_1035_FORM = "[a-z]([-a-z0-9]*[a-z0-9])?";
const WILDCARD_FORM = `\\*\\.${SUBDOMAIN_FORM}`;
const KEY_FORM = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const VALUE_FORM = `(${KEY_FORM})?`;
const C_IDENTIFIER_FORM = "[A-Za-z_][A-Za-z0-9_]*";
const CONFIG_KEY_FORM = "[-._a-zA-Z0-9]+";
const PERCENT_FORM = "[0-9]+%";
const HEADER_FORM = "[-A-Za-z0-9]+";

const whole = (form: string) => new RegExp(`^(?:${form})$`);

const LABEL = whole(LABEL_FORM);
const SUBDOMAIN = whole(SUBDOMAIN_FORM);
const UNDERSCORE_SUBDOMAIN = whole(UNDERSCORE_SUBDOMAIN_FORM);
const LABEL_1035 = whole(LABEL_1035_FORM);
const WILDCARD = whole(WILDCARD_FORM);
const KEY = whole(KEY_FORM);
const VALUE = whole(VALUE_FORM);
const C_IDENTIFIER = whole(C_IDENTIFIER_FORM);
const CONFIG_KEY = whole(CONFIG_KEY_FORM);
const PERCENT = whole(PERCENT_FORM);
const HEADER = whole(HEADER_FORM);

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const KEY_TEXT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

export const LABEL_MAX_LENGTH = 63;
export const SUBDOMAIN_MAX_LENGTH = 253;

/** What a value that does not match says: the rule, examples, and the expression. */
export function regexError(rule: string, form: string, ...examples: string[]): string {
  if (examples.length === 0) return `${rule} (regex used for validation is '${form}')`;
  const list = examples.map((example) => `'${example}', `).join(" or ");
  return `${rule} (e.g. ${list}regex used for validation is '${form}')`;
}

export const maxLengthError = (length: number): string => `must be no more than ${length} characters`;
export const maxBytesError = (length: number): string => `must be no more than ${length} bytes`;
export const inclusiveRangeError = (low: number, high: number): string =>
  `must be between ${low} and ${high}, inclusive`;
export const EMPTY_ERROR = "must be non-empty";

const longerThan = (value: string, limit: number): boolean =>
  value.length > limit || (value.length * 3 > limit && Buffer.byteLength(value) > limit);

/** A name as namespaces and volumes have it: one label of a domain name. */
export const dns1123Label: NameCheck = (value) => {
  const errors = longerThan(value, LABEL_MAX_LENGTH) ? [maxLengthError(LABEL_MAX_LENGTH)] : [];
  if (LABEL.test(value)) return errors;
  if (SUBDOMAIN.test(value)) return [...errors, "must not contain dots"];
  const rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...errors, regexError(rule, LABEL_FORM, "my-name", "123-abc")];
};

/** A name as most objects have it: labels with dots between. */
export const dns1123Subdomain: NameCheck = (value) => {
  const errors = longerThan(value, SUBDOMAIN_MAX_LENGTH) ? [maxLengthError(SUBDOMAIN_MAX_LENGTH)] : [];
  if (!SUBDOMAIN.test(value)) errors.push(regexError(SUBDOMAIN_TEXT, SUBDOMAIN_FORM, "example.com"));
  return errors;
};

export const dns1123SubdomainWithUnderscore: NameCheck = (value) => {
  const errors = longerThan(value, SUBDOMAIN_MAX_LENGTH) ? [maxLengthError(SUBDOMAIN_MAX_LENGTH)] : [];
  const rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
  if (!UNDERSCORE_SUBDOMAIN.test(value)) errors.push(regexError(rule, UNDERSCORE_SUBDOMAIN_FORM, "example.com"));
  return errors;
};

/** A name as services have it: begins with a letter. */
export const dns1035Label: NameCheck = (value) => {
  const errors = longerThan(value, LABEL_MAX_LENGTH) ? [maxLengthError(LABEL_MAX_LENGTH)] : [];
  const rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
  if (!LABEL_1035.test(value)) errors.push(regexError(rule, LABEL_1035_FORM, "my-name", "abc-123"));
  return errors;
};

export const wildcardDns1123Subdomain: NameCheck = (value) => {
  const errors = longerThan(value, SUBDOMAIN_MAX_LENGTH) ? [maxLengthError(SUBDOMAIN_MAX_LENGTH)] : [];
  const rule =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  if (!WILDCARD.test(value)) errors.push(regexError(rule, WILDCARD_FORM, "*.example.com"));
  return errors;
};

/** A label key, annotation key, resource or finalizer name: an optional domain, a slash, a name. */
export const qualifiedName: NameCheck = (value) => {
  const parts = value.split("/");
  if (parts.length > 2) {
    const rule = regexError(KEY_TEXT, KEY_FORM, "MyName", "my.name", "123-abc");
    return [`a valid label key ${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const errors = parts.length === 2 ? prefixErrors(parts[0] as string) : [];
  const name = parts.at(-1) as string;
  if (name === "") errors.push(`name part ${EMPTY_ERROR}`);
  else if (longerThan(name, LABEL_MAX_LENGTH)) errors.push(`name part ${maxBytesError(LABEL_MAX_LENGTH)}`);
  if (!KEY.test(name)) {
    errors.push(`name part ${regexError(KEY_TEXT, KEY_FORM, "MyName", "my.name", "123-abc")}`);
  }
  return errors;
};

function prefixErrors(prefix: string): string[] {
  if (prefix === "") return [`prefix part ${EMPTY_ERROR}`];
  const errors = longerThan(prefix, SUBDOMAIN_MAX_LENGTH) ? [maxBytesError(SUBDOMAIN_MAX_LENGTH)] : [];
  if (!SUBDOMAIN.test(prefix)) errors.push(regexError(SUBDOMAIN_TEXT, SUBDOMAIN_FORM, "example.com"));
  return errors.map((text) => `prefix part ${text}`);
}

/** A qualified name that must have its domain. */
export const prefixedName: NameCheck = (value) => {
  const errors = qualifiedName(value);
  if (errors.length) return errors;
  return value.includes("/") ? [] : ["must include a prefix (e.g. 'example.com/key')"];
};

export const labelKey = qualifiedName;

export const labelValue: NameCheck = (value) => {
  const errors = longerThan(value, LABEL_MAX_LENGTH) ? [maxBytesError(LABEL_MAX_LENGTH)] : [];
  const rule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  if (!VALUE.test(value)) errors.push(regexError(rule, VALUE_FORM, "MyValue", "my_value", "12345"));
  return errors;
};

/** What a name must be to stand in a URL path by itself. */
export const pathSegmentName: NameCheck = (value) => {
  if (value === "." || value === "..") return [`may not be '${value}'`];
  return ["/", "%"].filter((letter) => value.includes(letter)).map((letter) => `may not contain '${letter}'`);
};

export const cIdentifier: NameCheck = (value) => {
  const rule =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
  return C_IDENTIFIER.test(value) ? [] : [regexError(rule, C_IDENTIFIER_FORM, "my_name", "MY_NAME", "MyName")];
};

export const portName: NameCheck = (value) => {
  const errors = longerThan(value, 15) ? [maxLengthError(15)] : [];
  if (!/^[-a-z0-9]+$/.test(value)) {
    errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(value)) errors.push("must contain at least one letter (a-z)");
  if (value.includes("--")) errors.push("must not contain consecutive hyphens");
  if (value.startsWith("-") || value.endsWith("-")) errors.push("must not begin or end with a hyphen");
  return errors;
};

export const portNumber = (port: number): string[] => inRange(port, 1, 65535);

export const inRange = (value: number, low: number, high: number): string[] =>
  value >= low && value <= high ? [] : [inclusiveRangeError(low, high)];

export const percent: NameCheck = (value) => {
  const rule = "a valid percent string must be a numeric string followed by an ending '%'";
  return PERCENT.test(value) ? [] : [regexError(rule, PERCENT_FORM, "1%", "93%")];
};

export const httpHeaderName: NameCheck = (value) => {
  const rule = "a valid HTTP header must consist of alphanumeric characters or '-'";
  return HEADER.test(value) ? [] : [regexError(rule, HEADER_FORM, "X-Header-Name")];
};

/** The name of an environment variable: anything printable without "=". */
export const envVarName: NameCheck = (value) => {
  if (value === "") return [`environment variable name ${EMPTY_ERROR}`];
  return /^[ -<>-~]*$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
};

/** A key of a ConfigMap or Secret, which may become a file's name. */
export const configMapKey: NameCheck = (value) => {
  const errors = longerThan(value, SUBDOMAIN_MAX_LENGTH) ? [maxLengthError(SUBDOMAIN_MAX_LENGTH)] : [];
  const rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
  if (!CONFIG_KEY.test(value)) errors.push(regexError(rule, CONFIG_KEY_FORM, "key.name", "KEY_NAME", "key-name"));
  return [...errors, ...parentFolderErrors(value)];
};

function parentFolderErrors(value: string): string[] {
  if (value === "." || value === "..") return [`must not be '${value}'`];
  return value.startsWith("..") ? ["must not start with '..'"] : [];
}
