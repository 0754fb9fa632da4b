import type { PublishProgress } from '@blackhole/sdk'
import type { Progress } from './progress.ts'

/** Draws how far a publish is. */
export function showPublishProgress(
  progress: Progress,
  event: PublishProgress,
  total: { files: number; bytes: number },
): void {
  if (event.type === 'read') {
    progress.update({
      label: 'Reading',
      doneBytes: event.bytes,
      totalBytes: total.bytes,
      done: event.files,
      total: total.files,
      noun: 'files',
    })
  }
  if (event.type === 'upload') {
    const { bytes, totalBytes, blocks, totalBlocks } = event
    progress.update({
      label: 'Uploading',
      doneBytes: bytes,
      totalBytes,
      done: blocks,
      total: totalBlocks,
      noun: 'blocks',
    })
  }
}
