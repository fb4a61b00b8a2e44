/**
 * Files of one project: in the browser's own file system (OPFS) where there is one, else in memory for as long as the worker lives.
 * A file is written whole; one that is cut off by the end of the tab is found by `sealed.ts`.
 */

/** Names are flat. */
export interface ProjectFiles {
  readonly kind: "opfs" | "memory";
  /** Null where there is no such file. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Returns when the bytes are on the disk. Throws a QuotaExceededError. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  clear(): Promise<void>;
}

/** What only workers have, and the types of pages leave out. */
interface SyncFileHandle {
  createSyncAccessHandle(): Promise<{
    truncate(size: number): void;
    write(bytes: Uint8Array, options: { readonly at: number }): number;
    flush(): void;
    close(): void;
  }>;
}

const FOLDER = "tensorone-studio";

const isMissing = (error: unknown): boolean => error instanceof DOMException && error.name === "NotFoundError";

class OpfsFiles implements ProjectFiles {
  readonly kind = "opfs";
  readonly #parent: FileSystemDirectoryHandle;
  readonly #project: string;
  #folder: FileSystemDirectoryHandle;

  constructor(parent: FileSystemDirectoryHandle, folder: FileSystemDirectoryHandle, project: string) {
    this.#parent = parent;
    this.#folder = folder;
    this.#project = project;
  }

  async read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      const file = await (await this.#folder.getFileHandle(name)).getFile();
      return new Uint8Array(await file.arrayBuffer());
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const file = (await this.#folder.getFileHandle(name, { create: true })) as unknown as SyncFileHandle;
    const access = await file.createSyncAccessHandle();
    try {
      access.truncate(0);
      for (let at = 0; at < bytes.length; ) {
        const written = access.write(bytes.subarray(at), { at });
        if (written === 0) throw new DOMException(`${name}: no room`, "QuotaExceededError");
        at += written;
      }
      access.flush();
    } finally {
      access.close();
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await this.#folder.removeEntry(name);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async clear(): Promise<void> {
    await this.#parent.removeEntry(this.#project, { recursive: true });
    this.#folder = await this.#parent.getDirectoryHandle(this.#project, { create: true });
  }
}

class MemoryFiles implements ProjectFiles {
  readonly kind = "memory";
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();

  async read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#files.get(name) ?? null;
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    this.#files.set(name, Uint8Array.from(bytes));
  }

  async remove(name: string): Promise<void> {
    this.#files.delete(name);
  }

  async clear(): Promise<void> {
    this.#files.clear();
  }
}

/** The files of `project`; in memory where the browser gives this page no storage. */
export async function openFiles(project: string): Promise<ProjectFiles> {
  try {
    const root = await navigator.storage.getDirectory();
    const parent = await root.getDirectoryHandle(FOLDER, { create: true });
    const name = encodeURIComponent(project);
    return new OpfsFiles(parent, await parent.getDirectoryHandle(name, { create: true }), name);
  } catch {
    return new MemoryFiles();
  }
}
