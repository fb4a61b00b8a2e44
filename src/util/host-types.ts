/**
 * Parts of the host's globals that public types name, by structure: a declaration that named AbortSignal itself would ask
 * each project for the types of DOM or Node. Whatever the host gives fits these.
 */

/** A Blob or a File. */
export interface BlobLike {
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** An AbortSignal, as far as a run asks it. */
export interface StopSignal {
  readonly aborted: boolean;
  /** A positive number is the code that the run reports. */
  readonly reason?: unknown;
}
