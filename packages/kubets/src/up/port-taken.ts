/** What to say when the API's port cannot be opened. Other errors are given back as they are. */
export function portTaken(error: unknown, port: number): unknown {
  if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") return error;
  return new Error(`port ${port} of this machine is taken; choose another with --port, or --port 0 for any`, {
    cause: error,
  });
}
