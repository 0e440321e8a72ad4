// A project server in a process of its own, for tests that kill it:  fork(this file, [DATA FOLDER, PORT])
import { runServer } from '../main.ts';
import { ServerStartError } from '../server.ts';
import { StoreError } from '../store/database.ts';
import { quiet } from './server.ts';

const [dataFolder = '', port = '0'] = process.argv.slice(2);
try {
  await runServer(
    { dataFolder, host: '127.0.0.1', port: Number(port), name: 'Test', log: quiet },
    ({ url, staffToken }) => process.send?.({ url, staffToken }),
  );
} catch (error) {
  if (!(error instanceof ServerStartError || error instanceof StoreError)) throw error;
  console.error(error.message);
  process.exitCode = 3;
}
process.disconnect?.();
