/** What went wrong with a question to the server, in the server's own words where it had any. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** Of HTTP; 0 where there was no answer. */
  readonly code: number;
  readonly reason: string;

  constructor(message: string, code = 0, reason = "") {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

interface StatusBody {
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: string;
}

/** Of an answer that is no success: its Status, else its text. */
export function failureOf(code: number, body: string): Failure {
  try {
    const { kind, message, reason } = JSON.parse(body) as StatusBody;
    if (kind === "Status" && message) return new Failure(message, code, reason);
  } catch {
    // It is said in plain text.
  }
  return new Failure(body.trim() || `the server answered ${code} and no more`, code);
}

export const asFailure = (error: unknown): Failure =>
  error instanceof Failure ? error : new Failure(error instanceof Error ? error.message : String(error));
