import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { ChromiumBrowser } from '@blackhole/testkit'

/** A visit takes seconds; one that takes so long has failed. */
const VISIT_TIMEOUT_MS = 60_000

/** After a request for a large file has begun, its first pieces are on their way. */
const INTO_IT_MS = 400

/** The site that visitors come to. */
export interface VisitedSite {
  readonly relay: string
  readonly name: string
  readonly url: string
  /** Path of a file that takes seconds. */
  readonly large: string
}

/** How a page's visit ends, always in the middle of a file: the tab is closed, another page is opened, the renderer dies. */
export type PageEnd = 'close' | 'navigate' | 'crash'

/** How a process ends: by a signal that it can't catch, or in order. */
export type ProcessEnd = 'leave' | 'kill'

/** Somebody comes in a browser of their own, reads some files, and is gone. */
export async function visitByPage(
  browser: ChromiumBrowser,
  site: VisitedSite,
  paths: readonly string[],
  end: PageEnd,
): Promise<void> {
  const visitor = await browser.newVisitor()
  try {
    await visitor.goto(site.url)
    await visitor.evaluate(readSome, { paths: [...paths], large: site.large })
    await pause(INTO_IT_MS)
    if (end === 'navigate') await visitor.goto('about:blank')
    if (end === 'crash') {
      const crashed = new Promise((resolve) => visitor.page.once('crash', resolve))
      const session = await visitor.context.newCDPSession(visitor.page)
      // Nobody is left to answer.
      session.send('Page.crash').catch(() => undefined)
      await crashed
    }
  } finally {
    await visitor.context.close()
  }
}

/** Visitors with the SDK in a process of their own; they leave in order, or the process is killed. */
export async function visitByProcess(
  visitors: number,
  site: VisitedSite,
  paths: readonly string[],
  end: ProcessEnd,
): Promise<void> {
  const args = [String(visitors), site.relay, site.name, site.large, ...paths]
  const child = fork(join(import.meta.dirname, 'crowd-process.ts'), args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), VISIT_TIMEOUT_MS)
  try {
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-10_000)
    })
    const ended = exitOf(child)
    const busy = await Promise.race([new Promise((resolve) => child.once('message', resolve)), ended])
    if (busy !== 'busy') throw new Error(`Visitors in a process failed\n${said}`)
    await pause(INTO_IT_MS)
    if (end === 'kill') child.kill('SIGKILL')
    else child.send('leave')
    const how = await ended
    if (end === 'leave' && how !== 0) throw new Error(`Visitors in a process did not leave: ${String(how)}\n${said}`)
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}

function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      resolve(code ?? signal)
    })
  })
}

/** Runs in the page. */
async function readSome({ paths, large }: { paths: string[]; large: string }): Promise<void> {
  const { blackhole } = globalThis as unknown as { blackhole: { ready: Promise<void> } }
  await blackhole.ready
  for (const path of paths) {
    const response = await fetch(path)
    if (!response.ok) throw new Error(`${path}: ${String(response.status)}`)
    await response.arrayBuffer()
  }
  // Not waited for: the visitor leaves in the middle of it.
  void fetch(large)
    .then((response) => response.arrayBuffer())
    .catch(() => undefined)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
