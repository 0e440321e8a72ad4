// A project server in a process of its own, for tests that kill it:  fork(this file, [DATA FOLDER, PORT, DATABASE, BUCKET])

import { BUCKET_KEYS } from '../../cvmfs/testkit/bucket.ts';
import { ServerStartError } from '../errors.ts';
import { runServer } from '../main.ts';
import { StoreError } from '../store/database.ts';
import { quiet } from './server.ts';

const [dataFolder = '', port = '0', url = '', bucket = ''] = process.argv.slice(2);
/** Short, so that a network that is cut is noticed within a test. */
const ANSWER_MS = 2_000;
try {
  await runServer(
    {
      dataFolder,
      host: '127.0.0.1',
      port: Number(port),
      name: 'Test',
      log: quiet,
      ...(bucket === '' ? {} : { objects: { url: bucket, credentials: BUCKET_KEYS } }),
      ...(url === '' ? {} : { database: { url, answerMs: ANSWER_MS } }),
    },
    ({ url, staffToken }) => process.send?.({ url, staffToken }),
  );
} catch (error) {
  if (!(error instanceof ServerStartError || error instanceof StoreError)) throw error;
  console.error(error.message);
  process.exitCode = 3;
}
process.disconnect?.();
