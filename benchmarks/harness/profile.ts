import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright'

/**
 * Runs something while the pages' main threads are profiled and writes one
 * `.cpuprofile` per page, to be opened in a browser's developer tools.
 */
export async function profiled<T>(
  folder: string,
  pages: Readonly<Record<string, Page>>,
  task: () => Promise<T>,
): Promise<T> {
  if (folder === '') return task()
  await mkdir(folder, { recursive: true })
  const sessions = await Promise.all(
    Object.entries(pages).map(async ([name, page]) => {
      const session = await page.context().newCDPSession(page)
      await session.send('Profiler.enable')
      await session.send('Profiler.setSamplingInterval', { interval: 500 })
      await session.send('Profiler.start')
      return { name, session }
    }),
  )
  try {
    return await task()
  } finally {
    for (const { name, session } of sessions) {
      const { profile } = await session.send('Profiler.stop')
      await writeFile(join(folder, `${name}.cpuprofile`), JSON.stringify(profile))
      await session.detach()
    }
  }
}
