import { inShell, shell } from './shell.ts';

/** Gives the person a file: the desktop app asks where, a browser puts it among the downloads. @returns whether it was kept */
export async function saveFile(name: string, content: Blob): Promise<boolean> {
  if (inShell)
    return shell('saveFile', { name, base64: base64(new Uint8Array(await content.arrayBuffer())) });
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by then; at once it would be cut off in some browsers.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  return true;
}

function base64(bytes: Uint8Array): string {
  const chunks: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000)
    chunks.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  return btoa(chunks.join(''));
}
