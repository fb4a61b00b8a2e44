/**
 * What a word that names weights stands for: a file or folder on this machine, an address on the web, a file in a repository of
 * Hugging Face's hub, or a published name. Asks nobody.
 */
import { existsSync } from "node:fs";
import { CheckpointError, UsageError } from "../util/errors.js";
import { nearestName } from "../util/nearest.js";
import { findPublished, type PublishedWeights, publishedWeights } from "./published.js";

/** Variables that decide where files come from and where they are kept. */
export interface HubEnvironment {
  readonly [name: string]: string | undefined;
}

/** Something to download. */
export interface RemoteFile {
  /** As the user wrote it; for errors. */
  readonly spec: string;
  readonly url: string;
  /** The last part of its path. */
  readonly fileName: string;
  /** The first digits of the SHA-256 that it must have; null where only its server can say. */
  readonly sha256: string | null;
  /** For the first server alone, never for one that it redirects to. */
  readonly token: string | null;
  readonly published: PublishedWeights | null;
}

export type WeightsAddress = { readonly path: string } | RemoteFile;

/** The hub's own address; HF_ENDPOINT names a mirror. */
const HUB_ENDPOINT = "https://huggingface.co";

const isWeb = (text: string): boolean => /^https?:\/\//i.test(text);

/** Whether a word is neither a file here nor looks like one. */
const isName = (word: string): boolean => !/[\\/]/.test(word) && !/\.(safetensors|pth|pt|tar|bin)$/i.test(word);

/**
 * What `spec` names. A file or folder that exists wins over a published name. Throws UsageError for an address that cannot be
 * one, CheckpointError for a name that nobody published, with the nearest that somebody did.
 */
export function parseAddress(spec: string, env: HubEnvironment): WeightsAddress {
  if (/^hf:\/\//i.test(spec)) return hubFile(spec, env);
  if (isWeb(spec)) return webFile(spec, spec);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(spec))
    throw new UsageError(
      `${spec}: not an address that is read`,
      "expected a file, https://…, hf://owner/repository/file or a name",
    );
  if (existsSync(spec) || !isName(spec)) return { path: spec };
  const published = findPublished(spec);
  if (published === undefined) throw unknownName(spec);
  const { address, sha256 } = published;
  const file = isWeb(address) ? webFile(spec, address) : { ...hubFile(address, env), spec };
  return { ...file, sha256, published };
}

function unknownName(spec: string): CheckpointError {
  const names = publishedWeights.flatMap(({ name, model }) => [name, model]);
  const meant = nearestName(spec, names);
  const known = [...new Set(publishedWeights.map(({ model }) => model))].join(", ");
  return new CheckpointError(
    `${spec}: there is no such file, and no published weights of that name`,
    meant === undefined ? `published are ${known}; tensorone weights lists all` : `did you mean ${meant}?`,
  );
}

function webFile(spec: string, url: string): RemoteFile {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new UsageError(`${spec}: not an address`, "expected https://host/path/file.safetensors");
  }
  if (parsed.username !== "" || parsed.password !== "")
    throw new UsageError(
      `${parsed.host}: a name or password in an address`,
      "it would be kept with the file; leave it out",
    );
  const fileName = decodeURIComponent(parsed.pathname.split("/").at(-1)!) || "weights";
  // torch.hub's convention, which mmpretrain has too: name-<first digits of SHA-256>.pth
  const sha256 = /-([0-9a-f]{8,64})\.(pth|pt|safetensors)$/.exec(fileName)?.[1] ?? null;
  return { spec, url: parsed.href, fileName, sha256, token: null, published: null };
}

/** hf://owner/repository[@revision]/path/in/it; revision main where none is given. */
function hubFile(spec: string, env: HubEnvironment): RemoteFile {
  const parts = /^hf:\/\/([\w.-]+)\/([\w.-]+)(?:@([\w./-]+?))?\/(.+)$/i.exec(spec);
  if (parts === null || /(^|\/)\.\.?(\/|$)/.test(parts[4]!))
    throw new UsageError(
      `${spec}: not a file of the hub`,
      "expected hf://owner/repository/file, such as hf://timm/mobileone_s0.apple_in1k/model.safetensors",
    );
  const [, owner, repository, revision = "main", path] = parts;
  const endpoint = (env.HF_ENDPOINT || HUB_ENDPOINT).replace(/\/+$/, "");
  const at = path!.split("/").map(encodeURIComponent).join("/");
  const url = `${endpoint}/${owner}/${repository}/resolve/${encodeURIComponent(revision)}/${at}`;
  return { ...webFile(spec, url), sha256: null, token: env.HF_TOKEN || null };
}
