/**
 * Where rank 0 listens: on the address that all ranks name as the meeting point, and on no other network of its machine.
 */
import { lookup } from "node:dns/promises";
import { isIP, type ListenOptions } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { DistributedError } from "../../util/errors.js";
import { formatSeconds } from "../exchange.js";

export interface MasterPlace {
  /** An address or a name of this machine; 0.0.0.0 or :: for all of its addresses. */
  readonly bind: string;
  readonly port: number;
  /** Of performance.now(): a name that does not exist yet may until then. */
  readonly until: number;
  readonly listen: (where: ListenOptions) => Promise<void>;
  readonly onNotice: (text: string) => void;
}

const retryMs = { first: 100, most: 1000 } as const;
/** A name that comes with its pod or its lease is late rather than wrong. */
const passing: readonly string[] = ["ENOTFOUND", "EAI_AGAIN"];

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

/** Listens there. Throws DistributedError with what to do: a port that is taken, an address of another machine, a name of none. */
export async function listenAtMaster(place: MasterPlace): Promise<void> {
  const { bind, port, until, listen, onNotice } = place;
  for (let wait: number = retryMs.first; ; wait = Math.min(2 * wait, retryMs.most)) {
    try {
      const host = await addressOf(bind, onNotice);
      return await listen({ host, port });
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      const left = until - performance.now();
      if (!passing.includes(code) || left < wait) throw failure(place, code);
      onNotice(
        `rank 0 cannot listen on ${bind} yet: ${code}, the name of no host (it tries again for up to ${formatSeconds(left)})`,
      );
      await sleep(wait);
    }
  }
}

/** An address that others reach comes before one of this machine alone, which Debian's /etc/hosts gives it under its own name. */
async function addressOf(bind: string, onNotice: (text: string) => void): Promise<string> {
  if (isIP(bind) !== 0 || isLoopback(bind)) return bind;
  const addresses = (await lookup(bind, { all: true })).map(({ address }) => address);
  const reachable = addresses.find((address) => !isLoopback(address));
  if (reachable === undefined)
    onNotice(
      `rank 0: here ${bind} is ${addresses[0]}, which no other machine reaches: name the address itself, or --bind-addr 0.0.0.0`,
    );
  return reachable ?? addresses[0]!;
}

function failure({ bind, port }: MasterPlace, code: string): DistributedError {
  const hints: Readonly<Record<string, string>> = {
    EADDRINUSE: "another run holds it: choose another one with --master-port",
    EADDRNOTAVAIL:
      "it is no address of this machine: is this the machine of --master-addr? Behind a forwarded port, --bind-addr 0.0.0.0 listens on all",
    EACCES: "ports below 1024 are the system's: choose another one with --master-port",
    ENOTFOUND: "--master-addr HOST: a name or an address of the machine of rank 0",
    EAI_AGAIN: "the name service does not answer: --master-addr takes an address, too",
  };
  return new DistributedError(`rank 0: cannot listen on port ${port} of ${bind}: ${code}`, hints[code]);
}
