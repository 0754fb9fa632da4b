import type { ManifestFile } from '@blackhole/protocol'

/** Whether a file is film or sound: what a player asks for by itself, ahead of its use. */
export function isMedia({ file }: { readonly file: Pick<ManifestFile, 'type'> }): boolean {
  return file.type.startsWith('video/') || file.type.startsWith('audio/')
}
