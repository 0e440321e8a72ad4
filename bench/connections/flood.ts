// Opens so many connections to a server and says nothing in them, each again from the next address of 127.0.0.0/8:
//   flood.ts PORT COUNT NETWORK
import { connect } from 'node:net';

const [port = 0, count = 0, network = 1] = process.argv.slice(2).map(Number);
/** As a listen queue is filled: many at once, each in its turn. */
const AT_ONCE = 500;
/** Of one address, fewer than it has ports. */
const OF_ADDRESS = 5000;

let begun = 0;
let made = 0;
/** Came about or not. */
let settled = 0;
let closed = 0;
const open = new Set<ReturnType<typeof connect>>();

function next(): void {
  if (begun === count) return;
  const localAddress = `127.${network}.0.${1 + Math.floor(begun / OF_ADDRESS)}`;
  begun++;
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  open.add(socket);
  let isSettled = false;
  const goOn = () => {
    if (isSettled) return;
    isSettled = true;
    settled++;
    next();
  };
  socket.once('connect', () => {
    made++;
    goOn();
  });
  socket.on('error', () => {}); // being closed is what the server does
  socket.once('close', () => {
    closed++;
    open.delete(socket);
    goOn();
  });
}
for (let i = 0; i < AT_ONCE; i++) next();

const timer = setInterval(() => {
  process.send?.({ made, closed, isDone: settled === count });
}, 200);
process.once('disconnect', () => {
  clearInterval(timer);
  for (const socket of open) socket.destroy();
});
