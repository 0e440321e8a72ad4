import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';

/** s3rver's own. */
export const BUCKET_KEYS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER', region: 'us-east-1' };

export interface TestBucket {
  /** Of the bucket, through a line that counts. */
  readonly url: string;
  /** PUTs that went to it. */
  puts: number;
  /** It cannot be reached any more when so many more have gone, until it is back(). */
  awayAfter(puts: number): void;
  back(): void;
  /** The next PUT with more bytes than that is cut off there, as by a line that breaks. */
  cutPutAfter(bytes: number): void;
  /** Resolves when the store has done the next PUT: whoever sent it is not told. */
  unansweredPut(): Promise<void>;
  stop(): Promise<void>;
}

/** An S3-compatible store of somebody else (s3rver, from npm): a process with a folder, behind a line. */
export async function s3Bucket(folder: string, bucket = 'software'): Promise<TestBucket> {
  const program = join(
    dirname(createRequire(import.meta.url).resolve('s3rver/package.json')),
    'bin/s3rver.js',
  );
  const sockets = new Set<Socket>();
  let child: ChildProcess | null = null;
  let port = 0;
  let left = Number.POSITIVE_INFINITY;
  let cutAfter = Number.POSITIVE_INFINITY;
  let unanswered: (() => void) | null = null;
  mkdirSync(folder, { recursive: true });

  const kill = async () => {
    const dying = child;
    child = null;
    if (!dying) return;
    const gone = new Promise((resolve) => dying.once('exit', resolve));
    dying.kill('SIGKILL');
    for (const socket of sockets) socket.destroy();
    await gone;
  };
  const start = async () => {
    const args = ['-d', folder, '-a', '127.0.0.1', '-p', '0', '--configure-bucket', bucket];
    const started = spawn(process.execPath, ['--no-deprecation', program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    let said = '';
    port = await new Promise<number>((resolve, reject) => {
      const hear = (data: Buffer) => {
        said += data;
        const listening = /listening on [^\s]*:(\d+)/.exec(said)?.[1];
        if (listening !== undefined) resolve(Number(listening));
      };
      started.stdout.on('data', hear);
      started.stderr.on('data', hear);
      started.once('exit', () => reject(new Error(`s3rver ended: ${said}`)));
    });
  };
  const line = createServer((client) => {
    if (!child) {
      client.destroy();
      return;
    }
    const server = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    let isPut = false;
    let bytes = 0;
    client.on('data', (data) => {
      const begins = /^(GET|HEAD|PUT|DELETE) /.exec(data.toString('latin1', 0, 10))?.[1];
      if (begins !== undefined) {
        isPut = begins === 'PUT';
        bytes = 0;
      }
      bytes += data.length;
      if (begins === 'PUT') {
        test.puts++;
        left--;
      }
      // What has begun ends: a request that is cut in two leaves s3rver with an object that it cannot list any more.
      if (begins !== undefined && left < 0) client.destroy();
      else if (isPut && bytes > cutAfter) {
        cutAfter = Number.POSITIVE_INFINITY;
        client.destroy();
      } else server.write(data);
    });
    server.on('data', (data) => {
      if (isPut && unanswered) {
        unanswered();
        unanswered = null;
        client.destroy();
      } else client.write(data);
    });
  });
  line.listen(0, '127.0.0.1');
  await new Promise((resolve) => line.once('listening', resolve));
  await start();
  const test: TestBucket = {
    url: `http://127.0.0.1:${(line.address() as AddressInfo).port}/${bucket}`,
    puts: 0,
    awayAfter(puts) {
      left = puts;
    },
    back() {
      left = Number.POSITIVE_INFINITY;
    },
    cutPutAfter(bytes) {
      cutAfter = bytes;
    },
    unansweredPut() {
      return new Promise((resolve) => {
        unanswered = resolve;
      });
    },
    async stop() {
      await kill();
      if (line.listening) await new Promise((resolve) => line.close(resolve));
    },
  };
  return test;
}
