/** Hands bytes to the browser as a file. */

/** The address is let go of when the browser has had time to take the file. */
const KEEP_MS = 60_000;

export function download(name: string, type: string, bytes: Uint8Array<ArrayBuffer>): void {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEEP_MS);
}
