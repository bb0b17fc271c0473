/**
 * What the exit codes of every program of the project mean. Scripts and service managers decide by them.
 */
export const exitCode = {
  /** All went well. */
  ok: 0,
  /** What was asked for could not be done; the message says why. */
  failure: 1,
  /** The command line or a configuration file is wrong; nothing was begun. */
  usage: 2,
  /** This machine lacks something that is needed (a program, a privilege, a free port); the message says what. */
  precondition: 3,
  /** A mistake in the program itself: an exception that nobody caught. */
  internal: 70,
  /** Storage failed to read or write; whatever was not acknowledged may be lost, nothing else is. */
  storage: 74,
  /** Stopped by SIGINT before it was done. */
  interrupted: 130,
  /** Stopped by SIGTERM before it was done. */
  terminated: 143,
} as const;

/** An error that says with which code the process should end. */
export class ExitError extends Error {
  override readonly name = "ExitError";
  readonly code: number;

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
