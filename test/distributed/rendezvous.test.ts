/** Who may come in: ranks with the secret; strangers, garbage and wrong runs are shown out while the ranks meet. */
import { connect, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { expectLauncherFiles, expectOpenFiles, openFilesLimit } from "../../src/distributed/sockets/open-files.js";
import { meet, type Peers, type RendezvousOptions } from "../../src/distributed/sockets/rendezvous.js";
import { DistributedError } from "../../src/util/errors.js";
import { freePort, secret } from "./ranks.js";

const close = (groups: readonly Peers[]) => {
  for (const peers of groups) for (const { socket } of peers.values()) socket.destroy();
};

/** One rank on `port`, hearing its notices. */
function rankOn(port: number, rank: number, worldSize: number, more: Partial<RendezvousOptions> = {}) {
  const notices: string[] = [];
  const met = meet({
    rank,
    worldSize,
    at: { kind: "tcp", host: "127.0.0.1", port },
    secret,
    deadlineMs: 5000,
    onNotice: (text) => notices.push(text),
    ...more,
  });
  // looked at later, when the others have had their turn
  met.catch(() => {});
  return { met, notices };
}

/** What a stranger gets for its bytes, until it is shown out or `ms` have passed. */
async function stranger(port: number, bytes: Uint8Array, { hangsUp = false, ms = 300 } = {}): Promise<Buffer> {
  const socket: Socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  const got: Buffer[] = [];
  socket.on("data", (chunk) => got.push(chunk));
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  if (hangsUp) socket.end(bytes);
  else socket.write(bytes);
  await Promise.race([
    new Promise((resolve) => socket.once("close", resolve)),
    new Promise((resolve) => socket.once("end", resolve)),
    new Promise((resolve) => setTimeout(resolve, ms)),
  ]);
  socket.destroy();
  return Buffer.concat(got);
}

/** The first words of the protocol, as anybody may read them in the source. */
const greeting = Buffer.concat([Buffer.from("tensor/02"), Buffer.alloc(32, 7)]);
const sealed = (message: object, length?: number) => {
  const text = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(length ?? text.length);
  return Buffer.concat([head, text, Buffer.alloc(32, 9)]);
};
const claim = { version: 2, from: 1, to: 0, worldSize: 2, port: 1 };

describe("the rendezvous", () => {
  it.each([
    ["garbage", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), {}, 0, /its first bytes are not ours/],
    [
      "an earlier version",
      Buffer.concat([Buffer.from("tensorone"), Buffer.alloc(32, 7)]),
      {},
      0,
      /speaks protocol 1, expected 2/,
    ],
    ["random bytes", Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 37) % 256)), {}, 0, /first bytes/],
    ["a truncated greeting", greeting.subarray(0, 20), { hangsUp: true }, 0, /hung up/],
    ["nothing at all", Buffer.alloc(0), { hangsUp: true }, 0, /hung up/],
    ["a claim with a made-up seal", Buffer.concat([greeting, sealed(claim)]), {}, 32, /does not know the secret/],
    ["a huge message", Buffer.concat([greeting, sealed(claim, 2 ** 31)]), {}, 32, /announces a message of 2147483648/],
    ["a truncated claim", Buffer.concat([greeting, sealed(claim).subarray(0, 30)]), { hangsUp: true }, 32, /hung up/],
  ])("gives %s nothing but a random number, says so once, and goes on", async (_, bytes, how, answer, message) => {
    const port = await freePort();
    const first = rankOn(port, 0, 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await stranger(port, bytes, how)).length).toBe(answer);
    expect((await stranger(port, bytes, how)).length).toBe(answer);
    const second = rankOn(port, 1, 2);
    const groups = await Promise.all([first.met, second.met]);
    expect(groups.map((peers) => [...peers.keys()])).toEqual([[1], [0]]);
    expect(first.notices).toEqual([expect.stringMatching(message)]);
    close(groups);
  });

  it("shows out a stranger who only waits", async () => {
    const port = await freePort();
    const first = rankOn(port, 0, 2, { greetingMs: 200 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const begin = performance.now();
    await stranger(port, greeting.subarray(0, 5), { ms: 3000 });
    expect(performance.now() - begin).toBeLessThan(2000);
    const groups = await Promise.all([first.met, rankOn(port, 1, 2).met]);
    close(groups);
  });

  it("leaves no door open once all are there", async () => {
    const port = await freePort();
    const groups = await Promise.all(
      [rankOn(port, 0, 3), rankOn(port, 1, 3), rankOn(port, 2, 3)].map(({ met }) => met),
    );
    expect(groups.map((peers) => [...peers.keys()].sort())).toEqual([
      [1, 2],
      [0, 2],
      [0, 1],
    ]);
    const refused = await new Promise((resolve) => connect({ host: "127.0.0.1", port }).once("error", resolve));
    expect(refused).toMatchObject({ code: "ECONNREFUSED" });
    close(groups);
  });

  it("tells a rank with another secret, and another number of ranks, why it is refused", async () => {
    const port = await freePort();
    const first = rankOn(port, 0, 2);
    const other = rankOn(port, 1, 2, { secret: "not what the others have", deadlineMs: 4000 });
    await expect(other.met).rejects.toThrow(
      /no answer from rank 0 at 127\.0\.0\.1:\d+ within 4 s: it hung up when[\s\S]*hint: is the secret/,
    );
    expect(other.notices).toEqual([expect.stringMatching(/rank 1 waits for rank 0 .*where the secrets .* differ/)]);
    await expect(rankOn(port, 1, 3).met).rejects.toThrow(/rank 0 at .* refused rank 1: it expects 3 ranks, expected 2/);
    const groups = await Promise.all([first.met, rankOn(port, 1, 2).met]);
    // a busy machine may be told of a third, whom the deadline cut off
    expect(first.notices).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/refused a stranger .*does not know the secret/),
        expect.stringMatching(/refused rank 1 .*expects 3 ranks, expected 2/),
      ]),
    );
    close(groups);
  });

  it("keeps the reason that was heard where the deadline cuts the last attempt short", async () => {
    const sockets: Socket[] = [];
    // shows the first two out, then is silent
    const door = createServer((socket) => {
      sockets.push(socket);
      if (sockets.length <= 2) socket.end();
    });
    await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
    const { port } = door.address() as { port: number };
    await expect(rankOn(port, 1, 2, { deadlineMs: 1500 }).met).rejects.toThrow(
      /within 1\.5 s: it hung up before it had said who it is/,
    );
    expect(sockets).toHaveLength(3);
    for (const socket of sockets) socket.destroy();
    door.close();
  });

  it("names those who do not come", async () => {
    const port = await freePort();
    const first = rankOn(port, 0, 4, { deadlineMs: 1500 });
    const third = rankOn(port, 2, 4, { deadlineMs: 6000 });
    await expect(first.met).rejects.toThrow("rank 0: ranks 1 and 3 have not come within 1.5 s");
    await expect(third.met).rejects.toThrow("rank 0 gave up: rank 0: ranks 1 and 3 have not come within 1.5 s");
  });

  it("says where it has looked for rank 0", async () => {
    const port = await freePort();
    const alone = rankOn(port, 1, 2, { deadlineMs: 300 });
    await expect(alone.met).rejects.toThrow(DistributedError);
    await expect(alone.met).rejects.toThrow(
      /no answer from rank 0 at 127\.0\.0\.1:\d+ within 0\.3 s: ECONNREFUSED, nobody listens there/,
    );
  });

  it("says which port is taken", async () => {
    const port = await freePort();
    const first = rankOn(port, 0, 2, { deadlineMs: 1500 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(rankOn(port, 0, 2).met).rejects.toThrow(
      /cannot listen on port \d+ of 127\.0\.0\.1: EADDRINUSE[\s\S]*--master-port/,
    );
    await expect(first.met).rejects.toThrow(/rank 1 has not come/);
  });

  it("keeps dialling a meeting point that hangs up, and one that is not there yet", async () => {
    const port = await freePort();
    let hungUp = 0;
    const busy = createServer((socket) => {
      hungUp++;
      socket.destroy();
      if (hungUp === 3) busy.close();
    });
    await new Promise<void>((resolve) => busy.listen(port, "127.0.0.1", resolve));
    const second = rankOn(port, 1, 2);
    await new Promise((resolve) => busy.once("close", resolve));
    const first = rankOn(port, 0, 2);
    close(await Promise.all([first.met, second.met]));
    expect(hungUp).toBe(3);
    // ranks that start at different moments are no news, a peer that hangs up is
    expect(second.notices).toEqual([expect.stringMatching(/^rank 1 waits for rank 0 at 127.* it hung up before/)]);
  });

  it("says at once what a rank waits for where the name of the meeting point is none", async () => {
    const at = { kind: "tcp", host: "no-such-host.invalid", port: 29500 } as const;
    const lost = rankOn(0, 1, 2, { at, deadlineMs: 1500 });
    await expect.poll(() => lost.notices, { timeout: 1200 }).toHaveLength(1);
    expect(lost.notices[0]).toMatch(/rank 1 waits for rank 0 at no-such-host\.invalid:29500: (ENOTFOUND|EAI_AGAIN), /);
    await expect(lost.met).rejects.toThrow(/no answer from rank 0 at no-such-host\.invalid:29500 within 1\.5 s/);
    const first = rankOn(0, 0, 2, { at, deadlineMs: 800 });
    await expect(first.met).rejects.toThrow(/rank 0: cannot listen on port 29500 of no-such-host\.invalid: E/);
  });

  it("listens on the named address alone, and on others where it is told to", async () => {
    const port = await freePort();
    const elsewhere = { host: "127.0.0.2", port };
    const answerAt = () =>
      new Promise<string>((resolve) => {
        const socket = connect(elsewhere, () => {
          socket.destroy();
          resolve("open");
        });
        socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code ?? ""));
      });
    const first = rankOn(port, 0, 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await answerAt()).toBe("ECONNREFUSED");
    close(await Promise.all([first.met, rankOn(port, 1, 2).met]));
    const at = { kind: "tcp", host: "127.0.0.1", port, bind: "0.0.0.0" } as const;
    const open = rankOn(port, 0, 2, { at });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await answerAt()).toBe("open");
    close(await Promise.all([open.met, rankOn(port, 1, 2).met]));
    const foreign = { kind: "tcp", host: "192.0.2.1", port } as const;
    await expect(rankOn(port, 0, 2, { at: foreign }).met).rejects.toThrow(/EADDRNOTAVAIL[\s\S]*--bind-addr 0\.0\.0\.0/);
  });

  it("asks for open files before the first connection", () => {
    expect(() => expectOpenFiles(0, 1024, 1024)).toThrow(
      /rank 0: 1024 processes need 1216 open files each, this one may have 1024\n {2}hint: ulimit -n 1216/,
    );
    expect(expectOpenFiles(0, 4, 1024)).toBe(446);
    expect(expectOpenFiles(0, 4, Number.POSITIVE_INFINITY)).toBe(4096);
    expect(openFilesLimit("Max open files            20000                1048576              files\n")).toBe(20_000);
    expect(openFilesLimit("no such line")).toBeUndefined();
    expect(() => expectLauncherFiles(64, 256)).toThrow(/launch: 64 processes need 320 open files of their launcher/);
  });
});
