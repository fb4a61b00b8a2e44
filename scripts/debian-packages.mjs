/** Files of Debian packages without root and without installing: downloaded by apt from Debian's mirror, unpacked anywhere. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const mirror = process.env.DEBIAN_MIRROR ?? "http://deb.debian.org/debian";
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Unpacks packages of Debian 12, or `name/bookworm-backports` ones, into a new folder: usr/… Throws what apt says. */
export function unpackDebian(folder, packages) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "lists", "partial"), { recursive: true });
  mkdirSync(join(folder, "cache", "archives", "partial"), { recursive: true });
  const sources = join(folder, "sources.list");
  const source = (suite) => `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`;
  writeFileSync(sources, source("bookworm-backports") + source("bookworm"));
  const own = [
    `Dir::Etc::SourceList=${sources}`,
    "Dir::Etc::SourceParts=/dev/null",
    `Dir::State::Lists=${join(folder, "lists")}`,
    `Dir::Cache=${join(folder, "cache")}`,
  ].flatMap((option) => ["-o", option]);
  const apt = (...args) => execFileSync("apt-get", [...own, "-qq", ...args], { cwd: folder, stdio: "pipe" });
  apt("update");
  apt("download", ...packages);
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".deb")))
    execFileSync("dpkg", ["-x", name, "."], { cwd: folder });
  for (const used of readdirSync(folder).filter((name) => name !== "usr" && name !== "lib"))
    rmSync(join(folder, used), { recursive: true });
}

/** What a failed command has said last. */
export const reasonOf = (error) => error.stderr?.toString().trim().split("\n").at(-1) || error.message;
