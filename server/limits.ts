/** How long a request may take to come: whoever dribbles holds a connection and an open file meanwhile. */
export interface RequestLimits {
  /** For all headers. */
  readonly headersMs: number;
  /** For all of a body that is JSON or text: 4 MB over a line of 110 kbit/s. */
  readonly textMs: number;
  /** Other bodies may take as long as they do, but in each such window so many bytes must come. */
  readonly windowMs: number;
  readonly windowBytes: number;
}

export const LIMITS: RequestLimits = {
  headersMs: 20_000,
  textMs: 300_000,
  windowMs: 60_000,
  windowBytes: 1000,
};
